// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice ask: one question, made for pipes. The answer alone goes to standard
// output.
#include "apps/bench_model/peak_memory.hpp"
#include "apps/sluice/chat_target.hpp"
#include "apps/sluice/command.hpp"
#include "apps/sluice/conversation.hpp"
#include "apps/sluice/interrupt.hpp"
#include "apps/sluice/progress_bar.hpp"

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

namespace sluice::apps {

namespace {

struct ask_options {
  target_options target;
  chat_options chat;
  std::string question;
  bool stats = false;
};

std::string question_of(const ask_options& options) {
  if (options.question != "-")
    return options.question;
  std::string text{std::istreambuf_iterator<char>{std::cin}, {}};
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

/// `from_start`: milliseconds from the start to the first text, if this process
/// loaded the model.
void print_stats(const answer_stats& stats, std::optional<double> from_start) {
  std::fprintf(stderr,
               "%u prompt tokens, %u tokens (%s); first token after %.1f ms, "
               "then %.0f tokens/s\n",
               stats.prompt_tokens, stats.completion_tokens,
               stats.finish.c_str(), stats.first_token * 1e3,
               stats.tokens_per_second());
  if (from_start)
    std::fprintf(stderr,
                 "first token %.0f ms after the start, peak memory %s\n",
                 *from_start, format_bytes(peak_resident_bytes()).c_str());
}

exit_code ask(const ask_options& options, bool quiet) {
  const auto question = question_of(options);
  chat_target target{options.target, quiet, answering::while_loading};
  interrupt_guard interrupt;
  conversation talk{target.who(), options.chat,
                    [&] { return interrupt.raised(); }};
  std::optional<double> from_start;
  bool begun = false;
  const auto stats = talk.ask(question, [&](std::string_view text) {
    if (!begun && !text.empty()) {
      begun = true;
      from_start = target.milliseconds_since_start();
      target.end_progress();
    }
    std::cout << text << std::flush;
  });
  std::cout << std::endl;
  if (options.stats)
    print_stats(stats, from_start);
  return interrupt.raised() ? exit_code::interrupted : exit_code::ok;
}

} // namespace

void add_ask(CLI::App& app, const global_options& global,
             selected_command& selected) {
  auto* command = app.add_subcommand("ask", "Ask one question");
  auto options = std::make_shared<ask_options>();
  command
      ->add_option("QUESTION", options->question,
                   "The question; - reads a pipe")
      ->required();
  command->add_option("-m,--model", options->target.path,
                      "Model or graph file to start for this question");
  options->target.add_to(*command);
  add_chat_options(*command, options->chat);
  command->add_flag("--stats", options->stats, "Print times and counts");
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] { return ask(*options, global.quiet); };
  });
}

} // namespace sluice::apps
