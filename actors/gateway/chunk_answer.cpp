// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/chunk_answer.hpp"

#include "actors/gateway/json_text.hpp"

namespace sluice::actors {

std::string chunk_answer::body() const {
  std::string out = "{\"id\":";
  append_quoted(out, session_);
  out += ",\"object\":\"session\",\"tokens\":"
         + std::to_string(tally().prompt_tokens());
  out += ",\"cached_tokens\":" + std::to_string(tally().cached_tokens());
  return out += '}';
}

} // namespace sluice::actors
