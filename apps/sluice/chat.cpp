// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice chat: a conversation in the terminal. Ctrl-C cancels the answer and
// not the program; Ctrl-D leaves.
#include "apps/sluice/chat_target.hpp"
#include "apps/sluice/command.hpp"
#include "apps/sluice/conversation.hpp"
#include "apps/sluice/interrupt.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>

namespace sluice::apps {

namespace {

constexpr auto help_text =
    "/help         these lines\n"
    "/reset        forget the conversation\n"
    "/system TEXT  set the system message and forget\n"
    "/stats        show times after each answer, or not\n"
    "/quit         leave (so does Ctrl-D)\n"
    "Ctrl-C cancels an answer.\n";

struct repl_options {
  target_options target;
  chat_options chat;
};

/// A line from standard input; nothing at its end. Ctrl-C gives an empty line.
std::optional<std::string> read_line(interrupt_guard& interrupt, bool prompt) {
  if (prompt)
    std::cout << "> " << std::flush;
  char* line = nullptr;
  std::size_t capacity = 0;
  errno = 0;
  const auto length = ::getline(&line, &capacity, stdin);
  const std::unique_ptr<char, decltype(&std::free)> owner{line, &std::free};
  if (length < 0) {
    if (errno != EINTR)
      return std::nullopt;
    std::clearerr(stdin);
    interrupt.clear();
    std::cout << "\n(Ctrl-D or /quit leaves)\n";
    return std::string{};
  }
  std::string text(line, static_cast<std::size_t>(length));
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.pop_back();
  return text;
}

class repl {
public:
  repl(answerer& who, const chat_options& options)
      : terminal_(isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1),
        talk_(who, options, [this] { return interrupt_.raised(); }) {}

  void run() {
    if (terminal_)
      std::cout << "Ask something; /help lists commands.\n";
    while (const auto line = read_line(interrupt_, terminal_)) {
      if (line->empty())
        continue;
      if (*line == "/quit" || *line == "/exit")
        return;
      if (line->front() == '/')
        command(*line);
      else
        question(*line);
    }
    if (terminal_)
      std::cout << '\n';
  }

private:
  void command(const std::string& line) {
    const auto space = line.find(' ');
    const auto name = line.substr(0, space);
    if (name == "/help") {
      std::cout << help_text;
    } else if (name == "/reset") {
      talk_.reset();
      std::cout << "(forgotten)\n";
    } else if (name == "/system") {
      talk_.set_system(space == std::string::npos ? ""
                                                  : line.substr(space + 1));
      std::cout << "(system message set)\n";
    } else if (name == "/stats") {
      stats_ = !stats_;
      std::cout << (stats_ ? "(stats on)\n" : "(stats off)\n");
    } else {
      std::cout << "There is no " << name << "; /help lists commands.\n";
    }
  }

  void question(const std::string& text) {
    interrupt_.clear();
    try {
      const auto stats = talk_.ask(text, [](std::string_view piece) {
        std::cout << piece << std::flush;
      });
      std::cout << (stats.finish == "cancelled" ? " (cancelled)\n" : "\n");
      if (stats_)
        std::printf("(%u tokens, first after %.1f ms, then %.0f/s)\n",
                    stats.completion_tokens, stats.first_token * 1e3,
                    stats.tokens_per_second());
    } catch (const std::runtime_error& error) {
      std::cout << std::flush;
      std::cerr << "sluice: " << error.what() << '\n';
      if (talk_.turns() > 0)
        std::cerr << "(/reset forgets the conversation so far)\n";
    }
    interrupt_.clear();
    std::cout << std::flush;
  }

  bool terminal_;
  bool stats_ = false;
  interrupt_guard interrupt_;
  conversation talk_;
};

exit_code chat(const repl_options& options, bool quiet) {
  chat_target target{options.target, quiet};
  repl{target.who(), options.chat}.run();
  return exit_code::ok;
}

} // namespace

void add_chat(CLI::App& app, const global_options& global,
              selected_command& selected) {
  auto* command = app.add_subcommand("chat", "Talk to a model in the terminal");
  auto options = std::make_shared<repl_options>();
  command->add_option("FILE", options->target.path,
                      "Model or graph file to start (default: --url)");
  options->target.add_to(*command);
  add_chat_options(*command, options->chat);
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] { return chat(*options, global.quiet); };
  });
}

} // namespace sluice::apps
