// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/prompt_reading.hpp"

#include "device/error.hpp"
#include "device/model/log_softmax.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sluice::device {

scored_token score(std::span<const float> logits, std::int32_t id,
                   std::uint32_t top) {
  const auto index = static_cast<std::size_t>(id);
  assert(id >= 0 && index < logits.size());
  const auto sum = log_sum(logits, checked_max(logits));
  const auto value = logits[index];
  const auto better = std::ranges::count_if(
      logits, [value](float other) { return other > value; });
  const auto equal = std::ranges::count(logits.first(index), value);
  return {id, static_cast<float>(value - sum),
          static_cast<std::uint32_t>(1 + better + equal),
          top_log_probabilities(logits, sum, top)};
}

std::vector<float> at_unit_length(std::span<const double> values) {
  double squares = 0.0;
  for (const auto value : values)
    squares += value * value;
  if (!std::isfinite(squares))
    throw model_error("embedding: the model gave NaN or infinity");
  const auto length = squares > 0.0 ? std::sqrt(squares) : 1.0;
  std::vector<float> out;
  out.reserve(values.size());
  for (const auto value : values)
    out.push_back(static_cast<float>(value / length));
  return out;
}

prompt_reader::prompt_reader(prompt_reading what,
                             std::vector<std::int32_t> prompt)
    : what_{what}, prompt_{std::move(prompt)} {
  assert(what.kind != reading_kind::none
         && what.kind != reading_kind::embedding);
}

void prompt_reader::take(std::uint32_t first, std::uint32_t count,
                         std::span<const float> rows, prompt_part& out) {
  assert(count > 0 && rows.size() % count == 0);
  const auto width = rows.size() / count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto row = rows.subspan(i * width, width);
    const auto next = std::size_t{first} + i + 1;
    if (what_.kind == reading_kind::scores) {
      out.scores.push_back(score(row, prompt_.at(next), what_.top));
      continue;
    }
    add(row);
    // A mean at length 1 is the sum at length 1.
    if (next == prompt_.size())
      out.embedding = at_unit_length(sum_);
  }
}

// In double and in the order of positions: the same sum whatever the slices.
void prompt_reader::add(std::span<const float> row) {
  sum_.resize(row.size(), 0.0);
  for (std::size_t i = 0; i < row.size(); ++i)
    sum_[i] += row[i];
}

} // namespace sluice::device
