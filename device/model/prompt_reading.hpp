// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a request may want of its prompt besides an answer: how likely the model
// held each of its tokens, or one vector for all of it. The last stage has a
// prompt_reader for each such sequence and shows it the rows that a shard gives
// for the prompt's positions. Pure: the same rows give the same result, however
// the prompt was cut.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sluice::device {

/// What is read off a prompt. Numbers travel.
enum class reading_kind : std::uint8_t {
  none = 0,
  scores = 1,    ///< log-probabilities of its tokens
  embedding = 2, ///< a vector, pooled as the model's actor says
  mean = 3,      ///< a vector: the mean over all positions
  last = 4,      ///< a vector: that of the last position
};

struct prompt_reading {
  reading_kind kind = reading_kind::none;
  std::uint32_t top = 0; ///< with scores: alternatives per position, 0..20

  bool operator==(const prompt_reading&) const = default;
};

/// A token of a prompt and how likely it was after those before it: the natural
/// logarithm of the softmax of the logits.
struct scored_token {
  std::int32_t id = 0;
  float logprob = 0.0f;
  /// 1: the likeliest; of equals the lowest id comes first. 0: the prompt's
  /// first token, which follows nothing and has no logprob.
  std::uint32_t rank = 0;
  std::vector<std::pair<std::int32_t, float>> top; ///< best first

  bool operator==(const scored_token&) const = default;
};

/// What was read off some positions of a prompt.
struct prompt_part {
  std::vector<scored_token> scores; ///< of consecutive tokens
  std::vector<float> embedding;     ///< [width], of length 1; else []

  bool empty() const noexcept { return scores.empty() && embedding.empty(); }
};

/// Scores `id` after a row of `logits` [vocabulary]. Throws model_error when a
/// logit is NaN or plus infinity.
scored_token score(std::span<const float> logits, std::int32_t id,
                   std::uint32_t top);

/// `values` at length 1, or as they are when all are 0. Throws model_error when
/// one is not finite.
std::vector<float> at_unit_length(std::span<const double> values);

class prompt_reader {
public:
  /// `kind` is scores, mean or last.
  prompt_reader(prompt_reading what, std::vector<std::int32_t> prompt);

  /// Takes the `count` rows of positions [first, first + count): logits [count,
  /// vocabulary] for scores, else final states [count, width]. Positions come
  /// in order, each once. Adds what they tell to `out`.
  void take(std::uint32_t first, std::uint32_t count,
            std::span<const float> rows, prompt_part& out);

private:
  void add(std::span<const float> row);

  prompt_reading what_;
  std::vector<std::int32_t> prompt_;
  std::vector<double> sum_; // of the rows so far, in the order of positions
};

} // namespace sluice::device
