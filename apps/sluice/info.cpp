// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice info MODEL: what a model file holds, for people and as JSON.
#include "apps/sluice/command.hpp"
#include "apps/sluice/progress_bar.hpp"
#include "device/files/model_files.hpp"
#include "device/model/shard.hpp"
#include "device/text/tokenizer.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

namespace sluice::apps {

namespace {

struct info_options {
  std::string model;
  bool json = false;
};

std::uint64_t kv_bytes_per_token(const device::model_files& files) {
  return device::kv_block_bytes(files.config(), device::kv_format_of(files))
         / device::block_tokens;
}

/// Everything that is shown, in the order in which it is shown.
boost::json::object describe(const device::model_files& files) {
  const auto& config = files.config();
  boost::json::object out;
  out["name"] = config.title;
  out["family"] = device::name(config.arch);
  out["format"] = files.weight_format();
  out["parameters"] = files.parameters();
  out["weight_bytes"] = files.weight_bytes();
  out["layers"] = config.layers;
  out["width"] = config.width;
  out["heads"] = config.heads;
  out["kv_heads"] = config.kv_heads;
  out["head_dim"] = config.head_dim;
  out["ff_width"] = config.ff_width;
  out["vocabulary"] = config.vocabulary;
  out["context"] = config.context;
  if (config.experts != 0) {
    out["experts"] = config.experts;
    out["experts_used"] = config.experts_used;
  }
  if (const auto window = std::ranges::max(config.window); window != 0)
    out["window"] = window;
  out["kv_bytes_per_token"] = kv_bytes_per_token(files);
  return out;
}

// A model without a tokenizer is still a model: say so instead of failing.
void describe_text(const device::model_files& files, boost::json::object& out) {
  try {
    const auto tokens = device::tokenizer::open(files);
    out["tokenizer"] = tokens.size();
    out["chat_template"] = !tokens.chat_template().empty();
    boost::json::array ends;
    for (const auto id : files.config().end_tokens)
      ends.emplace_back(std::string{tokens.token_text(id)});
    out["end_tokens"] = std::move(ends);
  } catch (const std::exception& error) {
    out["tokenizer"] = nullptr;
    out["tokenizer_error"] = error.what();
  }
}

void print(const boost::json::object& values) {
  for (const auto& field : values) {
    const auto& value = field.value();
    auto text = value.is_string() ? std::string{value.get_string()}
                                  : boost::json::serialize(value);
    if (field.key().ends_with("bytes"))
      text += "  (" + format_bytes(value.to_number<std::uint64_t>()) + ")";
    std::printf("%-20s %s\n", std::string{field.key()}.c_str(), text.c_str());
  }
}

exit_code info(const info_options& options) {
  const auto files = device::model_files::open(options.model);
  auto values = describe(files);
  describe_text(files, values);
  if (options.json)
    std::cout << boost::json::serialize(values) << '\n';
  else
    print(values);
  return exit_code::ok;
}

} // namespace

void add_info(CLI::App& app, const global_options&,
              selected_command& selected) {
  auto* command = app.add_subcommand("info", "Say what a model file holds");
  auto options = std::make_shared<info_options>();
  command->add_option("MODEL", options->model, "GGUF file or model folder")
      ->required();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &selected] {
    selected.run = [options] { return info(*options); };
  });
}

} // namespace sluice::apps
