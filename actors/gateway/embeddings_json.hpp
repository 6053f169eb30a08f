// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The answer of POST /v1/embeddings: vectors of several inputs as OpenAI's list
// has them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// How clients want embeddings.
struct embedding_form {
  bool base64 = false;          ///< little-endian f32, else numbers
  std::uint32_t dimensions = 0; ///< the first so many, at length 1; 0: all
};

class embedding_list {
public:
  embedding_list(embedding_form form, std::size_t inputs)
      : form_{form}, items_(inputs) {}

  /// Takes the vector of an input. Says why it does not fit the wish, if so.
  std::optional<std::string> take(std::size_t input, std::vector<float> vector);

  /// The whole answer; `prompt_tokens` over all inputs.
  std::string body(std::string_view model, std::uint32_t prompt_tokens) const;

private:
  embedding_form form_;
  std::vector<std::string> items_; // [inputs], the vectors in JSON
};

} // namespace sluice::actors
