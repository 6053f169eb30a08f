// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What preprocess, model and postprocess share of one model: its files, its
// vocabulary and its chat template. Opened once by whoever builds the graph,
// then immutable and handed down. Knows no actor.
#pragma once

#include "device/chat/chat_template.hpp"
#include "device/files/model_files.hpp"
#include "device/grammar/grammar_cache.hpp"
#include "device/text/tokenizer.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sluice::actors {

struct model_assets {
  std::string name; ///< as the graph calls it
  device::model_files files;
  device::tokenizer tokens;
  /// Empty when the model has none, or one that does not parse: a model without
  /// it still completes plain text.
  std::optional<device::chat_template> chat;
  std::string chat_error; ///< why `chat` is empty
  std::string bos_text;   ///< as templates want it; "" if none
  std::string eos_text;
  std::string template_text; ///< what `chat` was made of, or ""
  std::string fingerprint;   ///< "fp_..." of weights, vocabulary and template
  /// What requests asked for; filled while serving, thread-safe.
  std::unique_ptr<device::grammar_cache> grammars = {};

  /// Opens files, vocabulary and template. `template_file` takes the place of
  /// the model's own template; "": it does not. Throws device::model_error,
  /// also when `template_file` cannot be read or parsed.
  static std::shared_ptr<const model_assets>
  open(std::string name, const std::filesystem::path& path,
       const std::filesystem::path& template_file = {});
};

using model_assets_ptr = std::shared_ptr<const model_assets>;

} // namespace sluice::actors
