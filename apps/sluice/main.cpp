// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The sluice program: parses the command line and hands over to a command.
#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"Sluice: large-language-model applications as actor graphs",
               "sluice"};
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
