// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The commands of the sluice program and what they share: exit codes and the
// options before the command. Each command adds itself to the command line and
// returns its exit code; main maps exceptions to messages.
#pragma once

#include <CLI/CLI.hpp>

#include <exception>
#include <functional>
#include <string>

namespace sluice::apps {

/// Exit codes, as shells and scripts expect them.
enum class exit_code : int {
  ok = 0,
  failed = 1,       ///< the work could not be done; a message says why
  usage = 2,        ///< the command line is wrong
  interrupted = 130 ///< ended by SIGINT before the work was done
};

/// Options that stand before the command.
struct global_options {
  bool quiet = false;   ///< no progress, no log below warnings
  bool verbose = false; ///< debug log
};

/// What main runs once the command line is read.
struct selected_command {
  std::function<exit_code()> run;
};

/// Lets the command line refuse what `parse` throws at.
template <class Parse>
CLI::Validator parsed_by(Parse parse) {
  return CLI::Validator{[parse](const std::string& text) -> std::string {
                          try {
                            parse(text);
                            return {};
                          } catch (const std::exception& error) {
                            return error.what();
                          }
                        },
                        ""};
}

void add_run(CLI::App& app, const global_options& global,
             selected_command& selected);
void add_check(CLI::App& app, const global_options& global,
               selected_command& selected);
void add_explain(CLI::App& app, const global_options& global,
                 selected_command& selected);
void add_show(CLI::App& app, const global_options& global,
              selected_command& selected);
void add_schema(CLI::App& app, const global_options& global,
                selected_command& selected);
void add_chat(CLI::App& app, const global_options& global,
              selected_command& selected);
void add_ask(CLI::App& app, const global_options& global,
             selected_command& selected);
void add_info(CLI::App& app, const global_options& global,
              selected_command& selected);
void add_bench(CLI::App& app, const global_options& global,
               selected_command& selected);
void add_bench_serve(CLI::App& bench, const global_options& global,
                     selected_command& selected);
void add_bench_link(CLI::App& bench, const global_options& global,
                    selected_command& selected);
void add_cert(CLI::App& app, const global_options& global,
              selected_command& selected);
void add_logits(CLI::App& app, const global_options& global,
                selected_command& selected);
void add_random_model(CLI::App& app, const global_options& global,
                      selected_command& selected);

} // namespace sluice::apps
