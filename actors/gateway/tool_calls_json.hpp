// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tool calls in the two forms of OpenAI's chat API. Pure.
#pragma once

#include "actors/terms.hpp"

#include <span>
#include <string>

namespace sluice::actors {

/// Of a whole answer: [{"id":...,"type":"function","function":{"name":...,
/// "arguments":...}},...]
void append_tool_calls(std::string& out, std::span<const tool_call_delta> all);

/// Of a chunk: as above with "index", and later parts with arguments alone.
void append_tool_call_deltas(std::string& out,
                             std::span<const tool_call_delta> parts);

/// Puts parts together: one entry per call.
void join_tool_calls(std::vector<tool_call_delta>& all,
                     std::span<const tool_call_delta> parts);

} // namespace sluice::actors
