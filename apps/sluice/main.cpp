// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The sluice program: reads the command line, runs one command, and turns what
// it throws into a message and an exit code.
#include "apps/sluice/command.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>

namespace {

constexpr auto version = "sluice 0.1.0";

// Standard output belongs to answers, so the log goes to standard error.
void set_up_log(const sluice::apps::global_options& options) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("sluice"));
  spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(options.verbose ? spdlog::level::debug
                    : options.quiet ? spdlog::level::warn
                                    : spdlog::level::info);
}

int run_program(int argc, char** argv) {
  using namespace sluice::apps;
  CLI::App app{"Sluice runs large-language-model applications as graphs of "
               "actors.\nA graph file says what flows, a placement file says "
               "where it runs.",
               "sluice"};
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.fallthrough();
  global_options global;
  app.add_flag("-q,--quiet", global.quiet, "No progress, warnings only");
  app.add_flag("-v,--verbose", global.verbose, "Debug log");
  selected_command selected;
  add_run(app, global, selected);
  add_check(app, global, selected);
  add_explain(app, global, selected);
  add_show(app, global, selected);
  add_schema(app, global, selected);
  add_chat(app, global, selected);
  add_ask(app, global, selected);
  add_info(app, global, selected);
  add_bench(app, global, selected);
  add_cert(app, global, selected);
  add_logits(app, global, selected);
  add_random_model(app, global, selected);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    app.exit(error);
    return static_cast<int>(asked_for_help ? exit_code::ok : exit_code::usage);
  }
  set_up_log(global);
  return static_cast<int>(selected.run());
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: %s\n", error.what());
    return static_cast<int>(sluice::apps::exit_code::failed);
  }
}
