// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice random-model FILE: a model of any shape and format to measure with.
#include "device/files/random_model.hpp"
#include "apps/sluice/command.hpp"
#include "apps/sluice/progress_bar.hpp"

#include <cstdio>
#include <memory>

namespace sluice::apps {

namespace {

struct random_model_options {
  std::string path;
  std::string format = "q8_0";
  std::uint64_t seed = 0;
  device::random_model_shape shape;
};

exit_code make(const random_model_options& options, bool quiet) {
  std::uint64_t bytes = 0;
  {
    progress_bar bar{"writing", !quiet};
    device::write_random_model(options.path, options.shape, options.format,
                               options.seed, [&](auto done, auto total) {
                                 bytes = total;
                                 bar.update(done, total);
                               });
  }
  if (!quiet)
    std::printf("%s: %s\n", options.path.c_str(), format_bytes(bytes).c_str());
  return exit_code::ok;
}

} // namespace

void add_random_model(CLI::App& app, const global_options& global,
                      selected_command& selected) {
  auto* command = app.add_subcommand(
      "random-model", "Write a Llama model with random weights, to measure "
                      "shapes and formats");
  auto options = std::make_shared<random_model_options>();
  command->add_option("file", options->path, "The .gguf file to write")
      ->required();
  command
      ->add_option("-t,--format", options->format,
                   "One of " + std::string{device::random_model_formats})
      ->capture_default_str();
  const auto size = [&](const char* name, std::uint32_t& value,
                        const char* text) {
    command->add_option(name, value, text)->capture_default_str();
  };
  auto& shape = options->shape;
  size("--dim", shape.width, "Width of hidden states");
  size("--ffn", shape.ff_width, "Width of the feed-forward layer");
  size("--layers", shape.layers, "Layers");
  size("--heads", shape.heads, "Query heads");
  size("--kv-heads", shape.kv_heads, "Key-value heads");
  size("--vocab", shape.vocabulary, "Tokens of the vocabulary");
  size("--context", shape.context, "Longest context, in tokens");
  command->add_flag("!--untied", shape.tied,
                    "An output matrix of its own beside the embedding");
  command->add_flag("--tokenizer", shape.tokenizer,
                    "A made-up tokenizer and chat template, so that the model "
                    "can be asked");
  command->add_option("--seed", options->seed, "Of the random numbers");
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] { return make(*options, global.quiet); };
  });
}

} // namespace sluice::apps
