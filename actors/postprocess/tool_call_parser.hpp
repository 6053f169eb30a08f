// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Finds tool calls in an answer that arrives in pieces, in the convention of
// its model. What turns out to be no call comes out as the text it is; what
// may still become one is held back. Pure; one per answer.
#pragma once

#include "actors/runtime/tool_convention.hpp"
#include "actors/terms.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// What a piece of an answer turned out to be.
struct call_output {
  std::string text;
  std::vector<tool_call_delta> calls;
};

class tool_call_parser {
public:
  virtual ~tool_call_parser() = default;

  /// Takes the next piece of the answer, cut anywhere.
  virtual void push(std::string_view piece, call_output& out) = 0;

  /// The answer ended: what was held back.
  virtual void finish(call_output& out) = 0;

  /// Calls announced so far.
  virtual std::uint32_t calls() const noexcept = 0;

  /// The token that announces calls and that detokenizers hide, or "".
  virtual std::string_view marker() const noexcept { return {}; }
};

/// `tools` [names] are what may be called; conventions without markers need
/// them to tell a call from an answer that looks like one. `id` makes the
/// calls' ids. Null for tool_convention::none.
std::unique_ptr<tool_call_parser>
make_tool_call_parser(tool_convention convention,
                      std::vector<std::string> tools, request_id id);

} // namespace sluice::actors
