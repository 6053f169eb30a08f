// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/timings_json.hpp"

#include <array>
#include <cstdio>

namespace sluice::actors {

namespace {

void append_number(std::string& out, double value) {
  std::array<char, 48> text;
  const int n = std::snprintf(text.data(), text.size(), "%.3f", value);
  out.append(text.data(), static_cast<std::size_t>(n));
}

// "NAME_n":...,"NAME_ms":...,"NAME_per_token_ms":...,"NAME_per_second":...
void append_phase(std::string& out, const std::string& name,
                  std::uint32_t tokens, double seconds) {
  const auto field = [&](const char* what, double value) {
    out.append(",\"").append(name).append(what).append("\":");
    append_number(out, value);
  };
  const double n = tokens;
  out += "\"" + name + "_n\":" + std::to_string(tokens);
  field("_ms", seconds * 1e3);
  field("_per_token_ms", tokens > 0 ? seconds * 1e3 / n : 0.0);
  field("_per_second", seconds > 0 ? n / seconds : 0.0);
}

} // namespace

void append_timings(std::string& out, const request_timings& from) {
  out += "{\"cache_n\":" + std::to_string(from.cached_tokens) + ",";
  append_phase(out, "prompt", from.prompt_tokens, from.times.prefill);
  out += ',';
  append_phase(out, "predicted", from.completion_tokens, from.times.decode);
  out += '}';
}

} // namespace sluice::actors
