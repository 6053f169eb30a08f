// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/answer_writer.hpp"

#include "actors/gateway/chat_answer.hpp"
#include "actors/gateway/chunk_answer.hpp"
#include "actors/gateway/completion_answer.hpp"
#include "actors/gateway/embeddings_answer.hpp"
#include "actors/gateway/native_answer.hpp"
#include "actors/gateway/responses_answer.hpp"
#include "transport/http/sse.hpp"

#include <array>
#include <cstdio>

namespace sluice::actors {

std::string_view name(finish_reason reason) noexcept {
  switch (reason) {
  case finish_reason::stop:
    return "stop";
  case finish_reason::length:
    return "length";
  case finish_reason::tool_calls:
    return "tool_calls";
  default:
    return "";
  }
}

std::string answer_id(std::string_view prefix, std::uint64_t id) {
  std::array<char, 17> text;
  const int n = std::snprintf(text.data(), text.size(), "%016llx",
                              static_cast<unsigned long long>(id));
  return std::string{prefix}.append(text.data(), static_cast<std::size_t>(n));
}

std::string answer_writer::push(std::size_t choice, const text_delta& delta) {
  tally_.take(choice, delta);
  return say(choice, delta);
}

std::string answer_writer::error_events(const api_error& error) {
  return transport::http::event_text(to_json(error));
}

std::unique_ptr<answer_writer> make_answer_writer(const api_request& request,
                                                  answer_stamp stamp) {
  switch (request.kind) {
  case endpoint::chat:
    return std::make_unique<chat_answer>(request, stamp);
  case endpoint::completions:
    return std::make_unique<completion_answer>(request, stamp);
  case endpoint::embeddings:
    return std::make_unique<embeddings_answer>(request);
  case endpoint::chunk:
    return std::make_unique<chunk_answer>(request);
  case endpoint::native:
    return std::make_unique<native_answer>(request);
  case endpoint::responses:
    return std::make_unique<responses_answer>(request, stamp);
  }
  return nullptr;
}

} // namespace sluice::actors
