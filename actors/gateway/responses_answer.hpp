// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers of /v1/responses: a response, or the typed events that build it.
#pragma once

#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/response_items.hpp"

#include <string>

namespace sluice::actors {

class responses_answer final : public answer_writer {
public:
  responses_answer(const api_request& request, answer_stamp stamp);

  /// response.created and response.in_progress.
  std::string first_events() override;
  /// response.completed or response.incomplete.
  std::string last_events() override;
  /// response.failed.
  std::string error_events(const api_error& error) override;
  std::string body() const override;

private:
  std::string say(std::size_t choice, const text_delta& delta) override;
  std::string_view status() const;
  /// `error`: JSON.
  std::string response(std::string_view status, std::string_view error) const;
  std::string usage() const;

  std::string head_; // {"id":...,"object":"response","created_at":...
  std::string tail_; // "model":..., what the request said}
  response_events events_;
  response_items items_;
};

} // namespace sluice::actors
