// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers of llama.cpp's native /completion: one object per choice, or a stream
// of {"content","tokens","stop":false} with such an object at each choice's end
// and no [DONE].
#pragma once

#include "actors/gateway/answer_writer.hpp"

#include <string>
#include <vector>

namespace sluice::actors {

class native_answer final : public answer_writer {
public:
  explicit native_answer(const api_request& request);

  std::string body() const override;

private:
  // What one choice has said; of streams only `stop` stays.
  struct said {
    std::string text;
    std::string tokens;        // JSON items, comma-separated
    std::string probabilities; // the same
    std::string stop;          // the stop string, or ""
  };

  static void append_lists(said& to, const text_delta& delta);
  std::string say(std::size_t choice, const text_delta& delta) override;
  std::string chunk(std::size_t choice, const said& from) const;
  /// The object that ends a choice.
  std::string end_of(std::size_t choice, const said& from) const;
  std::string_view stop_type(std::size_t choice, const said& from) const;

  bool logprobs_;
  native_form form_;
  std::string model_;
  std::string settings_;             // JSON object
  std::vector<std::string> prompts_; // [prompts], as text
  std::vector<said> choices_;
};

} // namespace sluice::actors
