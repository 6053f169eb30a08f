// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice logits MODEL: logits, greedy continuation and log-probabilities for
// given token ids. Needs no tokenizer, so that any model file can be checked
// against another program.
#include "apps/sluice/command.hpp"
#include "apps/sluice/model_options.hpp"
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "device/model/generate.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <iostream>
#include <memory>

namespace sluice::apps {

namespace {

struct logits_options {
  model_options device;
  std::vector<std::int32_t> ids;
  std::uint32_t generate = 0;
  std::string json;
};

void check_ids(const logits_options& options,
               const device::model_config& config) {
  for (const auto id : options.ids)
    if (id < 0 || static_cast<std::uint32_t>(id) >= config.vocabulary)
      throw device::model_error(
          "--ids: " + std::to_string(id) + " is not in the vocabulary of "
          + std::to_string(config.vocabulary) + " tokens");
}

boost::json::object to_json(const device::greedy_run& run, std::size_t inputs,
                            std::size_t vocabulary) {
  boost::json::array rows;
  for (std::size_t i = 0; i < inputs; ++i) {
    const auto* row = run.logits.data() + i * vocabulary;
    rows.emplace_back(boost::json::array(row, row + vocabulary));
  }
  return {{"logits", std::move(rows)},
          {"ids", boost::json::array(run.ids.begin(), run.ids.end())},
          {"logprobs",
           boost::json::array(run.logprobs.begin(), run.logprobs.end())}};
}

void write_json(const std::string& path, const boost::json::object& value) {
  if (path == "-") {
    std::cout << value << '\n';
    return;
  }
  std::ofstream out{path};
  out << value << '\n';
  if (!out.flush())
    throw device::model_error("cannot write " + path);
}

exit_code logits(const logits_options& options) {
  const auto files = device::model_files::open(options.device.model);
  check_ids(options, files.config());
  local_device device{options.device};
  const auto run =
      device::run_greedy(files, *device.cpu, options.ids, options.generate);
  write_json(options.json,
             to_json(run, options.ids.size(), files.config().vocabulary));
  return exit_code::ok;
}

} // namespace

void add_logits(CLI::App& app, const global_options&,
                selected_command& selected) {
  auto* command = app.add_subcommand(
      "logits", "Write the logits of given token ids, to check a model file");
  auto options = std::make_shared<logits_options>();
  options->device.add_to(*command);
  command->add_option("--ids", options->ids, "Token ids, e.g. 5,17,42")
      ->required()
      ->delimiter(',');
  command->add_option("--generate", options->generate,
                      "Tokens to continue with, greedily");
  command->add_option("--json", options->json, "File to write; - is stdout")
      ->required();
  command->callback([options, &selected] {
    selected.run = [options] { return logits(*options); };
  });
}

} // namespace sluice::apps
