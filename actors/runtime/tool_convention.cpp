// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/tool_convention.hpp"

namespace sluice::actors {

std::optional<tool_convention>
find_convention(std::string_view chat_template) noexcept {
  const auto has = [&](std::string_view text) {
    return chat_template.find(text) != std::string_view::npos;
  };
  if (has("[TOOL_CALLS]"))
    return tool_convention::mistral;
  // The same tag around something that is not JSON: GLM, Qwen's coders.
  if (has("<tool_call>") && !has("<arg_key>") && !has("<function="))
    return tool_convention::hermes;
  if (has("ipython") && has("\"parameters\": "))
    return tool_convention::llama3;
  return std::nullopt;
}

} // namespace sluice::actors
