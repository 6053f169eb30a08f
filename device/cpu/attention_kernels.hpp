// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Causal attention over paged K and V, over one vector header. Included once
// per instruction set by kernels_*.cpp.
//
// Order, per query row and head, over the KV blocks that hold visible tokens,
// in order of position; lanes = tokens of a block:
//   scores: fma along head_dim, times the scale; all are kept;
//   sum = v_sum of the lane sums of p = e^(score - highest) over the blocks;
//   out = fma(p[t] * (1 / sum), v[t], out) for the visible tokens t in order.
// Blocks stand at absolute positions, so neither chunking nor batching changes
// a bit. With f16 K and V, q and the weights p[t] * (1 / sum) are rounded to
// f16 too, where llama.cpp rounds them.
#pragma once

#include "device/cpu/elementwise_kernels.hpp"

namespace sluice::device {
namespace {

constexpr std::uint32_t kv_tokens = 16;

struct kv_f32 {
  using element = float;
  static f32x16 load(const float* p) { return v_load(p); }
  static void store(float* p, f32x16 a) { v_store(p, a); }
  static f32x16 round(f32x16 a) { return a; }
};
struct kv_f16 {
  using element = std::uint16_t;
  static f32x16 load(const std::uint16_t* p) { return v_load_f16(p); }
  static void store(std::uint16_t* p, f32x16 a) { v_store_f16(p, a); }
  static f32x16 round(f32x16 a) { return v_f16(a); }
};

inline std::size_t padded_to_lanes(std::size_t n) {
  return (n + 15) / 16 * 16;
}

/// One query row and head. It sees positions [0, sinks) and [first, last);
/// sinks < first, or 0.
struct attention_state {
  float* out;
  std::uint32_t sinks;
  std::uint32_t first;
  std::uint32_t last;
  // Held here so that one pointer reaches all states of a pass.
  alignas(64) float q[max_head_dim];
  alignas(64) float values[max_head_dim];
};

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
  for (; i + max_rows <= count; i += max_rows)
    f.template operator()<max_rows>(i);
  if constexpr (max_rows > 4)
    for (; i + 4 <= count; i += 4)
      f.template operator()<4>(i);
  for (; i + 2 <= count; i += 2)
    f.template operator()<2>(i);
  for (; i < count; ++i)
    f.template operator()<1>(i);
}

/// scores [R][16] of R states with the K of one block [head_dim][16]. Fetches
/// `next`, the K of the next block, which no hardware can foresee.
template <class Kv, std::size_t R>
inline void block_scores(float* scores, const attention_state* s,
                         const typename Kv::element* k,
                         const typename Kv::element* next,
                         const attention_task& t) {
  f32x16 acc[R];
  for (std::size_t r = 0; r < R; ++r)
    acc[r] = v_set(0.0f);
  for (std::size_t d = 0; d < t.head_dim; ++d) {
    __builtin_prefetch(next + d * kv_tokens);
    const f32x16 a = Kv::load(k + d * kv_tokens);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_fma(a, v_set(s[r].q[d]), acc[r]);
  }
  for (std::size_t r = 0; r < R; ++r)
    v_store(scores + r * kv_tokens, v_mul(acc[r], v_set(t.scale)));
}

/// Adds tokens [first, last) of V [16][dims], weighted by p [R][16], to R
/// states; fetches the next V.
template <class Kv, std::size_t R>
inline void block_values(attention_state* s, const float* p,
                         const typename Kv::element* v,
                         const typename Kv::element* next, std::size_t dims,
                         std::uint32_t first, std::uint32_t last) {
  for (std::size_t d = 0; d < dims; d += 16) {
    f32x16 acc[R];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_load(s[r].values + d);
    for (std::uint32_t t = first; t < last; ++t) {
      __builtin_prefetch(next + t * dims + d);
      const f32x16 a = Kv::load(v + t * dims + d);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < R; ++r)
        acc[r] = v_fma(v_set(p[r * kv_tokens + t]), a, acc[r]);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      v_store(s[r].values + d, acc[r]);
  }
}

/// The tokens of a block that a state sees.
struct token_range {
  std::uint32_t first;
  std::uint32_t last;
};

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
      block_scores<Kv, R>(scores + i * kv_tokens, g.states + i, k, next, t);
    });
  });
}

/// Blocks that every state sees whole are added for all at once; at the edges
/// each state goes alone, because V out of sight must not be touched.
template <class Kv, class Block>
inline void all_values(attention_group& g, const attention_task& t,
                       Block block) {
  const std::size_t dims = padded_to_lanes(t.head_dim);
  const std::size_t k_elements = std::size_t(kv_tokens) * t.head_dim;
  in_blocks(g.sink_blocks, g.first_block, g.end_block, [&](std::uint32_t b) {
    const auto* v = block(b) + k_elements;
    const auto* next = block(g.next(b)) + k_elements;
    const float* p = g.scores_of(b);
    if (g.all_see(b))
      in_passes(g.count, [&]<std::size_t R>(std::size_t i) {
        block_values<Kv, R>(g.states + i, p + i * kv_tokens, v, next, dims, 0,
                            kv_tokens);
      });
    else
      for (std::size_t i = 0; i < g.count; ++i) {
        const auto add = [&](token_range seen) {
          if (seen.first < seen.last)
            block_values<Kv, 1>(g.states + i, p + i * kv_tokens, v, next, dims,
                                seen.first, seen.last);
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
  const std::size_t head_elements =
      kv_tokens * (t.head_dim + padded_to_lanes(t.head_dim));
  const auto* kv = static_cast<const typename Kv::element*>(t.kv);
  const auto block = [&](std::uint32_t b) {
    return kv
           + (std::size_t(t.blocks[b]) * t.kv_heads + t.kv_head)
                 * head_elements;
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
  in_lanes(t.head_dim, [&](std::size_t d, std::size_t lanes) {
    v_store(s.q + d, Kv::round(load_lanes(t.q + offset + d, lanes)));
    v_store(s.values + d, v_set(0.0f));
  });
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
  if (t.format == kv_format::f16)
    attention_of<kv_f16>(t);
  else
    attention_of<kv_f32>(t);
}

template <class Kv>
inline void store_token_as(const kv_token& t) {
  using element = typename Kv::element;
  const std::size_t dims = padded_to_lanes(t.head_dim);
  auto* out = static_cast<element*>(t.block);
  const float* k = t.k;
  const float* v = t.v;
  for (std::size_t head = 0; head < t.kv_heads; ++head) {
    element* values = out + kv_tokens * t.head_dim;
    in_lanes(t.head_dim, [&](std::size_t d, std::size_t lanes) {
      element column[16];
      Kv::store(column, load_lanes(k + d, lanes));
      for (std::size_t i = 0; i < lanes; ++i)
        out[(d + i) * kv_tokens + t.slot] = column[i];
      Kv::store(values + t.slot * dims + d, load_lanes(v + d, lanes));
    });
    out = values + kv_tokens * dims;
    k += t.head_dim;
    v += t.head_dim;
  }
}

void store_token(const kv_token& t) {
  if (t.format == kv_format::f16)
    store_token_as<kv_f16>(t);
  else
    store_token_as<kv_f32>(t);
}

} // namespace
} // namespace sluice::device
