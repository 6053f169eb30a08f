// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A model whose next token depends on every token before it, read back through
// the block table: a wrong block, position or order gives another answer.
// Stages pass token ids on as hidden states.
#pragma once

#include "actors/model/attention_window.hpp"
#include "actors/model/stage_work.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

namespace sluice::actors {

inline constexpr std::size_t fake_vocabulary = 50;

/// Logits [fake_vocabulary] after `tokens`.
inline std::vector<float> fake_logits(std::span<const std::int32_t> tokens) {
  std::uint64_t hash = 14695981039346656037u;
  for (const auto token : tokens)
    hash = (hash ^ static_cast<std::uint64_t>(token)) * 1099511628211u;
  std::vector<float> logits(fake_vocabulary);
  for (auto& logit : logits) {
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9u;
    logit = static_cast<float>(hash >> 40) / 16777216.0f * 8.0f;
  }
  return logits;
}

/// Is `position` seen from `from`?
inline bool is_seen(const attention_window& window, std::size_t position,
                    std::size_t from) {
  return window.window == 0 || position < window.sinks
         || position + window.window > from;
}

/// What a sequence should generate, token by token, with nobody beside it.
inline std::vector<std::int32_t> fake_answer(std::vector<std::int32_t> tokens,
                                             device::sampler chooser,
                                             std::size_t count,
                                             attention_window window = {}) {
  const auto prompt = tokens.size();
  chooser.add_prompt(tokens);
  while (tokens.size() < prompt + count) {
    std::vector<std::int32_t> seen;
    for (std::size_t p = 0; p < tokens.size(); ++p)
      if (is_seen(window, p, tokens.size() - 1))
        seen.push_back(tokens[p]);
    auto logits = fake_logits(seen);
    tokens.push_back(chooser.next(logits, tokens.size()).id);
  }
  return {tokens.begin() + static_cast<std::ptrdiff_t>(prompt), tokens.end()};
}

/// What should be read off a prompt, told at once.
inline device::prompt_part fake_reading(const std::vector<std::int32_t>& prompt,
                                        device::prompt_reading what,
                                        attention_window window = {}) {
  device::prompt_part out;
  std::vector<double> sum(fake_vocabulary, 0.0);
  for (std::size_t p = 0; p < prompt.size(); ++p) {
    std::vector<std::int32_t> seen;
    for (std::size_t q = 0; q <= p; ++q)
      if (is_seen(window, q, p))
        seen.push_back(prompt[q]);
    const auto row = fake_logits(seen);
    if (what.kind == device::reading_kind::scores) {
      if (p == 0)
        out.scores.push_back({prompt[0], 0, 0, {}});
      if (p + 1 < prompt.size())
        out.scores.push_back(device::score(row, prompt[p + 1], what.top));
    } else if (what.kind == device::reading_kind::mean
               || p + 1 == prompt.size()) {
      for (std::size_t i = 0; i < row.size(); ++i)
        sum[i] += row[i];
    }
  }
  if (what.kind == device::reading_kind::mean
      || what.kind == device::reading_kind::last)
    out.embedding = device::at_unit_length(sum);
  return out;
}

/// Adds what was told later to what was told before.
inline void append(device::prompt_part& to, device::prompt_part more) {
  to.scores.insert(to.scores.end(), more.scores.begin(), more.scores.end());
  to.embedding.insert(to.embedding.end(), more.embedding.begin(),
                      more.embedding.end());
}

class fake_engine : public stage_engine {
public:
  fake_engine(std::uint32_t blocks, bool first, bool last,
              attention_window window = {})
      : memory_(blocks * device::block_tokens, -1), first_{first}, last_{last},
        window_{window} {}

  bool load_next() override { return next_layer && next_layer(); }

  std::vector<float> forward(std::span<const device::sequence_step> steps,
                             std::vector<float>& hidden,
                             const device::row_sink& sink) override {
    if (fail_on != 0 && ++calls_ == fail_on)
      throw std::runtime_error("the fake device caught fire");
    if (first_) {
      hidden.clear();
      for (const auto& step : steps)
        hidden.insert(hidden.end(), step.tokens.begin(), step.tokens.end());
    }
    std::vector<float> logits;
    std::size_t taken = 0;
    for (const auto& step : steps) {
      for (std::size_t i = 0; i < step.tokens.size(); ++i)
        at(step, step.start + i) =
            static_cast<std::int32_t>(hidden.at(taken++));
      if (last_)
        append_logits(step, logits);
    }
    if (last_)
      hand_out(steps, sink);
    return logits;
  }

  /// Every so many positions the logits are others: a smaller model. 0: none.
  std::size_t wrong_every = 0;
  void copy_block(std::uint32_t from, std::uint32_t to) override {
    for (std::size_t i = 0; i < device::block_tokens; ++i)
      memory_.at(to * device::block_tokens + i) =
          memory_.at(from * device::block_tokens + i);
  }

  std::function<bool()> next_layer; ///< load_next, if it is set
  std::size_t fail_on = 0; ///< the call that throws, counted from 1; 0: none

protected:
  void append_logits(const device::sequence_step& step,
                     std::vector<float>& logits) {
    const auto end = step.start + step.tokens.size();
    for (auto last = end - step.outputs; last < end; ++last) {
      const auto made = row(step, last);
      logits.insert(logits.end(), made.begin(), made.end());
    }
  }

  std::vector<float> row(const device::sequence_step& step,
                         std::size_t position) {
    std::vector<std::int32_t> seen;
    for (std::size_t p = 0; p <= position; ++p)
      if (is_seen(window_, p, position))
        seen.push_back(at(step, p));
    auto made = fake_logits(seen);
    if (wrong_every != 0 && (position + 1) % wrong_every == 0)
      std::ranges::reverse(made);
    return made;
  }

  // Row by row. States are the logits, too.
  void hand_out(std::span<const device::sequence_step> steps,
                const device::row_sink& sink) {
    for (std::size_t i = 0; i < steps.size(); ++i)
      for (std::uint32_t r = 0; r < steps[i].read.count; ++r) {
        const auto token = steps[i].read.first + r;
        const auto values = row(steps[i], steps[i].start + token);
        sink({i, token, 1, values});
      }
  }

  std::int32_t& at(const device::sequence_step& step, std::size_t position) {
    const auto block = step.blocks.at(position / device::block_tokens);
    return memory_.at(block * device::block_tokens
                      + position % device::block_tokens);
  }

  std::vector<std::int32_t> memory_;
  bool first_;
  bool last_;
  attention_window window_;
  std::size_t calls_ = 0;
};

} // namespace sluice::actors
