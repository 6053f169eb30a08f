// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers of /v1/embeddings: the vectors of several inputs in OpenAI's list.
#pragma once

#include "actors/gateway/answer_writer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::actors {

class embeddings_answer final : public answer_writer {
public:
  explicit embeddings_answer(const api_request& request)
      : answer_writer{request}, form_{request.embedding}, model_{request.model},
        items_(request.prompts.size()) {}

  /// More dimensions are wanted than the model has.
  std::optional<api_error> wrong() const override { return wrong_; }
  std::string body() const override;

private:
  std::string say(std::size_t input, const text_delta& delta) override;

  embedding_form form_;
  std::string model_;
  std::vector<std::string> items_; // [inputs], the vectors in JSON
  std::optional<api_error> wrong_;
};

} // namespace sluice::actors
