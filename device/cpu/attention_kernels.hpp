// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Causal attention over paged K and V, over one vector header. Included once
// per instruction set by kernels_*.cpp. What a block looks like, and how it is
// multiplied, is told by one struct per format: kv_plain.hpp, kv_int8.hpp.
//
// Order, per query row and head, over the KV blocks that hold visible tokens,
// in order of position; lanes = tokens of a block:
//   scores: fma along head_dim, times the scale; all are kept;
//   sum = v_sum of the lane sums of p = e^(score - highest) over the blocks;
//   out = fma(p[t] * (1 / sum), v[t], out) for the visible tokens t in order.
// Blocks stand at absolute positions, so neither chunking nor batching changes
// a bit.
#pragma once

#include "device/cpu/kv_int8.hpp"
#include "device/cpu/kv_plain.hpp"

namespace sluice::device {
namespace {

/// States that walk the blocks together: a block is read from memory once for
/// all of them. They walk blocks [0, sink_blocks) and [first_block, end_block).
struct attention_group {
  attention_state states[attention_rows];
  std::size_t count = 0;
  std::uint32_t sink_blocks = 0; ///< <= first_block
  std::uint32_t first_block = 0;
  std::uint32_t end_block = 0;
  std::uint32_t whole_sinks = 0; ///< positions that every state sees
  std::uint32_t whole_first = 0;
  std::uint32_t whole_last = 0;
  float* scores = nullptr; ///< [blocks walked][count][16]

  float* scores_of(std::uint32_t block) {
    const std::uint32_t at =
        block < sink_blocks ? block : block - first_block + sink_blocks;
    return scores + std::size_t(at) * count * kv_tokens;
  }
  /// The block after this one on the walk; the same if it is the last.
  std::uint32_t next(std::uint32_t block) const {
    if (block + 1 == sink_blocks)
      return first_block;
    return block + 1 < end_block ? block + 1 : block;
  }
  bool all_see(std::uint32_t block) const {
    const std::uint32_t position = block * kv_tokens;
    return (whole_first <= position && position + kv_tokens <= whole_last)
           || position + kv_tokens <= whole_sinks;
  }
};

/// Calls f(block) for blocks [0, sinks) and [first, last).
template <class F>
inline void in_blocks(std::uint32_t sinks, std::uint32_t first,
                      std::uint32_t last, F f) {
  for (std::uint32_t b = 0; b < sinks; ++b)
    f(b);
  for (std::uint32_t b = first; b < last; ++b)
    f(b);
}

inline std::uint32_t blocks_up_to(std::uint32_t position) {
  return (position + kv_tokens - 1) / kv_tokens;
}

inline std::uint32_t lesser(std::uint32_t a, std::uint32_t b) {
  return a < b ? a : b;
}

inline std::uint32_t greater(std::uint32_t a, std::uint32_t b) {
  return a > b ? a : b;
}

/// Calls f.template operator()<R>(i) for passes of R states from i on, R being
/// as many as the registers hold.
template <class F>
inline void in_passes(std::size_t count, F f) {
  std::size_t i = 0;
  for (; i + max_states <= count; i += max_states)
    f.template operator()<max_states>(i);
  if constexpr (max_states > 4)
    for (; i + 4 <= count; i += 4)
      f.template operator()<4>(i);
  for (; i + 2 <= count; i += 2)
    f.template operator()<2>(i);
  for (; i < count; ++i)
    f.template operator()<1>(i);
}

/// The tokens of a block that lie in [first, last).
inline token_range overlap(std::uint32_t first, std::uint32_t last,
                           std::uint32_t block) {
  const std::uint32_t position = block * kv_tokens;
  return {lesser(first > position ? first - position : 0, kv_tokens),
          lesser(last > position ? last - position : 0, kv_tokens)};
}

inline token_range visible(const attention_state& s, std::uint32_t block) {
  return overlap(s.first, s.last, block);
}

inline token_range visible_sinks(const attention_state& s,
                                 std::uint32_t block) {
  return overlap(0, s.sinks, block);
}

/// Lanes of a that the state sees, `other` elsewhere.
inline f32x16 keep_visible(f32x16 a, const attention_state& s,
                           std::uint32_t block, float other) {
  const auto [first, last] = visible(s, block);
  const f32x16 kept = v_keep(a, first, last, other);
  const auto sinks = visible_sinks(s, block);
  if (sinks.last == 0)
    return kept;
  // The two ranges share no lane, so one of both is `other` everywhere.
  const f32x16 front = v_keep(a, 0, sinks.last, other);
  return other == 0.0f ? v_add(front, kept) : v_max(front, kept);
}

/// Turns the scores of state i into weights.
template <class Kv>
inline void softmax(attention_group& g, std::size_t i) {
  const attention_state& s = g.states[i];
  const std::uint32_t begin = s.first / kv_tokens;
  const std::uint32_t end = blocks_up_to(s.last);
  const std::uint32_t sinks = lesser(blocks_up_to(s.sinks), begin);
  const auto scores = [&](std::uint32_t b) {
    return g.scores_of(b) + i * kv_tokens;
  };
  f32x16 lanes = v_set(-__builtin_inff());
  in_blocks(sinks, begin, end, [&](std::uint32_t b) {
    lanes =
        v_max(lanes, keep_visible(v_load(scores(b)), s, b, -__builtin_inff()));
  });
  const f32x16 highest = v_set(v_highest(lanes));
  f32x16 sums = v_set(0.0f);
  in_blocks(sinks, begin, end, [&](std::uint32_t b) {
    const f32x16 p =
        keep_visible(v_exp(v_sub(v_load(scores(b)), highest)), s, b, 0.0f);
    v_store(scores(b), p);
    sums = v_add(sums, p);
  });
  const f32x16 inverse = v_set(1.0f / v_sum(sums));
  in_blocks(sinks, begin, end, [&](std::uint32_t b) {
    v_store(scores(b), Kv::round(v_mul(v_load(scores(b)), inverse)));
  });
}

/// Scores for all states and blocks of the group, seen or not: a token out of
/// sight may hold anything, but stays in its own lane.
template <class Kv, class Block>
inline void all_scores(attention_group& g, const attention_task& t,
                       Block block) {
  in_blocks(g.sink_blocks, g.first_block, g.end_block, [&](std::uint32_t b) {
    const auto* k = block(b);
    const auto* next = block(g.next(b));
    float* scores = g.scores_of(b);
    in_passes(g.count, [&]<std::size_t R>(std::size_t i) {
      Kv::template scores<R>(scores + i * kv_tokens, g.states + i, k, next, t);
    });
  });
}

/// Blocks that every state sees whole are added for all at once; at the edges
/// each state goes alone, because V out of sight must not be touched.
template <class Kv, class Block>
inline void all_values(attention_group& g, const attention_task& t,
                       Block block) {
  const std::size_t k_bytes = Kv::k_bytes(t.head_dim);
  in_blocks(g.sink_blocks, g.first_block, g.end_block, [&](std::uint32_t b) {
    const auto* v = block(b) + k_bytes;
    const auto* next = block(g.next(b)) + k_bytes;
    const float* p = g.scores_of(b);
    if (g.all_see(b))
      in_passes(g.count, [&]<std::size_t R>(std::size_t i) {
        Kv::template values<R>(g.states + i, p + i * kv_tokens, v, next,
                               t.head_dim, {0, kv_tokens});
      });
    else
      for (std::size_t i = 0; i < g.count; ++i) {
        const auto add = [&](token_range seen) {
          if (seen.first < seen.last)
            Kv::template values<1>(g.states + i, p + i * kv_tokens, v, next,
                                   t.head_dim, seen);
        };
        add(visible_sinks(g.states[i], b));
        add(visible(g.states[i], b));
      }
  });
}

/// Which blocks the states of a group walk.
inline void lay_out_walk(attention_group& g) {
  std::uint32_t sinks = 0;
  std::uint32_t first = g.states[0].first;
  std::uint32_t last = 0;
  g.whole_sinks = g.states[0].sinks;
  g.whole_first = 0;
  g.whole_last = g.states[0].last;
  for (std::size_t i = 0; i < g.count; ++i) {
    const auto& s = g.states[i];
    sinks = greater(sinks, s.sinks);
    first = lesser(first, s.first);
    last = greater(last, s.last);
    g.whole_sinks = lesser(g.whole_sinks, s.sinks);
    g.whole_first = greater(g.whole_first, s.first);
    g.whole_last = lesser(g.whole_last, s.last);
  }
  g.first_block = first / kv_tokens;
  g.end_block = blocks_up_to(last);
  g.sink_blocks = lesser(blocks_up_to(sinks), g.first_block);
}

template <class Kv>
inline void attend(attention_group& g, const attention_task& t) {
  const std::size_t head_bytes = Kv::head_bytes(t.head_dim);
  const auto* kv = static_cast<const std::byte*>(t.kv);
  const auto block = [&](std::uint32_t b) {
    return kv
           + (std::size_t(t.blocks[b]) * t.kv_heads + t.kv_head) * head_bytes;
  };
  lay_out_walk(g);
  all_scores<Kv>(g, t, block);
  for (std::size_t i = 0; i < g.count; ++i)
    softmax<Kv>(g, i);
  all_values<Kv>(g, t, block);
  for (std::size_t i = 0; i < g.count; ++i)
    std::memcpy(g.states[i].out, g.states[i].values,
                t.head_dim * sizeof(float));
}

template <class Kv>
inline void start_state(attention_state& s, const attention_task& t,
                        std::uint32_t token, std::uint32_t head) {
  const std::size_t offset =
      token * t.row_stride + std::size_t(head) * t.head_dim;
  Kv::start(s, t.q + offset, t.head_dim);
  for (std::size_t d = 0; d < t.head_dim; d += kv_group)
    for (std::size_t lanes = 0; lanes < kv_group; lanes += 16)
      v_store(s.values + d + lanes, v_set(0.0f));
  s.out = t.out + offset;
  s.last = t.start + token + 1;
  s.first = t.window != 0 && s.last > t.window ? s.last - t.window : 0;
  s.sinks = t.sinks;
  if (s.first <= s.sinks) { // the window reaches the sinks
    s.first = 0;
    s.sinks = 0;
  }
}

template <class Kv>
inline void attention_of(const attention_task& t) {
  attention_group g;
  g.scores = t.scores;
  for (std::uint32_t token = t.first; token < t.last; ++token)
    for (std::uint32_t head = 0; head < t.group; ++head) {
      start_state<Kv>(g.states[g.count++], t, token, head);
      if (g.count == attention_rows) {
        attend<Kv>(g, t);
        g.count = 0;
      }
    }
  if (g.count > 0)
    attend<Kv>(g, t);
}

void attention(const attention_task& t) {
  switch (t.format) {
  case kv_format::f32:
    return attention_of<kv_f32>(t);
  case kv_format::f16:
    return attention_of<kv_f16>(t);
  case kv_format::int8:
    return attention_of<kv_int8>(t);
  }
}

template <class Kv>
inline void store_token_as(const kv_token& t) {
  auto* head = static_cast<std::byte*>(t.block);
  for (std::size_t i = 0; i < t.kv_heads; ++i) {
    Kv::store(head, t.slot, t.k + i * t.head_dim, t.v + i * t.head_dim,
              t.head_dim);
    head += Kv::head_bytes(t.head_dim);
  }
}

void store_token(const kv_token& t) {
  switch (t.format) {
  case kv_format::f32:
    return store_token_as<kv_f32>(t);
  case kv_format::f16:
    return store_token_as<kv_f16>(t);
  case kv_format::int8:
    return store_token_as<kv_int8>(t);
  }
}

} // namespace
} // namespace sluice::device
