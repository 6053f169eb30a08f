// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/tool_calls_json.hpp"

#include "actors/gateway/json_text.hpp"

#include <cassert>

namespace sluice::actors {

namespace {

// "id":...,"type":"function","function":{"name":...,"arguments":...}
void append_call(std::string& out, const tool_call_delta& call) {
  if (!call.id.empty()) {
    out += "\"id\":";
    append_quoted(out, call.id);
    out += ",\"type\":\"function\",";
  }
  out += "\"function\":{";
  if (!call.id.empty()) {
    out += "\"name\":";
    append_quoted(out, call.name);
    out += ',';
  }
  out += "\"arguments\":";
  append_quoted(out, call.arguments);
  out += '}';
}

} // namespace

void append_tool_calls(std::string& out, std::span<const tool_call_delta> all) {
  out += '[';
  for (const auto& call : all) {
    out += &call == all.data() ? "{" : ",{";
    append_call(out, call);
    out += '}';
  }
  out += ']';
}

void append_tool_call_deltas(std::string& out,
                             std::span<const tool_call_delta> parts) {
  out += '[';
  for (const auto& part : parts) {
    out += &part == parts.data() ? "{" : ",{";
    out += "\"index\":" + std::to_string(part.index) + ",";
    append_call(out, part);
    out += '}';
  }
  out += ']';
}

void join_tool_calls(std::vector<tool_call_delta>& all,
                     std::span<const tool_call_delta> parts) {
  for (const auto& part : parts) {
    if (!part.id.empty())
      all.push_back(part);
    else if (!all.empty())
      all.back().arguments += part.arguments;
  }
}

} // namespace sluice::actors
