// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How a model writes down that it calls a tool. Models learn one convention
// with their chat template; preprocess chooses it, postprocess reads by it.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::actors {

/// Numbers travel: never reuse one.
enum class tool_convention : std::uint8_t {
  none = 0, ///< tools are shown to the model, but no call is looked for
  /// <tool_call>{"name": ..., "arguments": {...}}</tool_call>, one after the
  /// other: Hermes, Qwen
  hermes = 1,
  /// {"name": ..., "parameters": {...}} as the whole answer, perhaps after
  /// <|python_tag|>: Llama 3
  llama3 = 2,
  /// [TOOL_CALLS] [{"name": ..., "arguments": {...}}, ...]: Mistral
  mistral = 3,
};

/// The convention that a chat template writes earlier calls in. Nothing when
/// it knows of no tools, or writes calls in yet another way.
std::optional<tool_convention>
find_convention(std::string_view chat_template) noexcept;

} // namespace sluice::actors
