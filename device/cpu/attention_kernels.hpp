// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Causal attention over paged K and V with an online softmax, over one vector
// header. Included once per instruction set by kernels_*.cpp.
//
// Order, per query row and head: KV blocks in order of position, skipping those
// with no visible token. In a block: scores along head_dim (lanes = tokens)
// times the scale; m' = max(m, highest); p = e^(score - m'); the correction
// e^(m - m') multiplies the sum and the output; sum = fma(sum, correction, tree
// of p); out = fma(p[t], v[t], out) for the visible tokens t in order. Blocks
// stand at absolute positions, so neither chunking nor batching changes a bit.
#pragma once

#include "device/cpu/elementwise_kernels.hpp"

namespace sluice::device {
namespace {

constexpr std::uint32_t kv_tokens = 16;
// States that walk the blocks together: a block is read from memory once for
// all of them.
constexpr std::size_t attention_rows = 16;

/// One query row and head on its way through the blocks.
struct attention_state {
  float* out;
  std::uint32_t first; ///< first visible position
  std::uint32_t last;  ///< last visible position + 1
  float highest;
  float sum;
  // Held here so that one pointer reaches all states of a pass.
  alignas(64) float q[max_head_dim];
  alignas(64) float values[max_head_dim];
};

/// Scores of R states with the K of one block [head_dim][16]. Fetches \`next\`,
/// the K of the next block, which no hardware can foresee.
template <std::size_t R>
inline void block_scores(f32x16* scores, const attention_state* s,
                         const float* k, const float* next,
                         std::size_t head_dim) {
  f32x16 acc[R];
  for (std::size_t r = 0; r < R; ++r)
    acc[r] = v_set(0.0f);
  for (std::size_t d = 0; d < head_dim; ++d) {
    __builtin_prefetch(next + d * kv_tokens);
    const f32x16 a = v_load(k + d * kv_tokens);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_fma(a, v_set(s[r].q[d]), acc[r]);
  }
  for (std::size_t r = 0; r < R; ++r)
    scores[r] = acc[r];
}

/// Softmax step of one state; writes the 16 weights and returns the correction.
/// Tokens outside [first, last) of the block get weight 0.
inline float softmax_step(float* p, attention_state& s, f32x16 scores,
                          float scale, std::uint32_t first,
                          std::uint32_t last) {
  const f32x16 scaled =
      v_keep(v_mul(scores, v_set(scale)), first, last, -__builtin_inff());
  const float block_highest = v_highest(scaled);
  const float highest = s.highest > block_highest ? s.highest : block_highest;
  const f32x16 weights =
      v_keep(v_exp(v_sub(scaled, v_set(highest))), first, last, 0.0f);
  float correction[16];
  v_store(correction, v_exp(v_set(s.highest - highest)));
  v_store(p, weights);
  s.sum = __builtin_fmaf(s.sum, correction[0], v_sum(weights));
  s.highest = highest;
  return correction[0];
}

/// Adds tokens [first, last) of V [16][dims] to R states; fetches the next V.
template <std::size_t R>
inline void block_values(attention_state* s, const float (*p)[kv_tokens],
                         const float* correction, const float* v,
                         const float* next, std::size_t dims,
                         std::uint32_t first, std::uint32_t last) {
  for (std::size_t d = 0; d < dims; d += 16) {
    f32x16 acc[R];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_mul(v_load(s[r].values + d), v_set(correction[r]));
    for (std::uint32_t t = first; t < last; ++t) {
      __builtin_prefetch(next + t * dims + d);
      const f32x16 a = v_load(v + t * dims + d);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < R; ++r)
        acc[r] = v_fma(v_set(p[r][t]), a, acc[r]);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      v_store(s[r].values + d, acc[r]);
  }
}

template <std::size_t R>
inline void block_step(attention_state* s, const attention_task& t,
                       std::uint32_t position, const float* k,
                       const float* next) {
  const std::size_t dims = (t.head_dim + 15) / 16 * 16;
  const float* v = k + std::size_t(kv_tokens) * t.head_dim;
  f32x16 scores[R];
  alignas(64) float p[R][kv_tokens];
  float correction[R];
  const std::uint32_t first = s[0].first > position ? s[0].first - position : 0;
  const std::uint32_t last =
      s[0].last < position + kv_tokens ? s[0].last - position : kv_tokens;
  block_scores<R>(scores, s, k, next, t.head_dim);
  for (std::size_t r = 0; r < R; ++r)
    correction[r] = softmax_step(p[r], s[r], scores[r], t.scale, first, last);
  block_values<R>(s, p, correction, v, next + (v - k), dims, first, last);
}

/// A block that every state sees whole, in passes of as many states as the
/// registers hold.
inline void whole_block(attention_state* s, std::size_t count,
                        const attention_task& t, std::uint32_t position,
                        const float* k, const float* next) {
  std::size_t i = 0;
  for (; i + max_rows <= count; i += max_rows)
    block_step<max_rows>(s + i, t, position, k, next);
  if constexpr (max_rows > 4)
    for (; i + 4 <= count; i += 4)
      block_step<4>(s + i, t, position, k, next);
  for (; i + 2 <= count; i += 2)
    block_step<2>(s + i, t, position, k, next);
  for (; i < count; ++i)
    block_step<1>(s + i, t, position, k, next);
}

/// All blocks for `count` states. Blocks that every state sees whole are done
/// for all at once; at the edges each state goes alone, because a token outside
/// its sight may hold anything and must not be touched.
inline void attend(attention_state* s, std::size_t count,
                   const attention_task& t) {
  const std::size_t dims = (t.head_dim + 15) / 16 * 16;
  const std::size_t head_floats = kv_tokens * (t.head_dim + dims);
  const auto block = [&](std::uint32_t b) {
    return t.kv
           + (std::size_t(t.blocks[b]) * t.kv_heads + t.kv_head) * head_floats;
  };
  std::uint32_t first = s[0].first;
  std::uint32_t last = s[0].last;
  std::uint32_t whole_first = first; // seen by every state
  std::uint32_t whole_last = last;
  for (std::size_t i = 1; i < count; ++i) {
    first = s[i].first < first ? s[i].first : first;
    last = s[i].last > last ? s[i].last : last;
    whole_first = s[i].first > whole_first ? s[i].first : whole_first;
    whole_last = s[i].last < whole_last ? s[i].last : whole_last;
  }
  const std::uint32_t end = (last + kv_tokens - 1) / kv_tokens;
  for (std::uint32_t b = first / kv_tokens; b < end; ++b) {
    const std::uint32_t position = b * kv_tokens;
    const float* k = block(b);
    const float* next = b + 1 < end ? block(b + 1) : k;
    if (whole_first <= position && position + kv_tokens <= whole_last)
      whole_block(s, count, t, position, k, next);
    else
      for (std::size_t i = 0; i < count; ++i)
        if (s[i].first < position + kv_tokens && s[i].last > position)
          block_step<1>(s + i, t, position, k, next);
  }
}

inline void start_state(attention_state& s, const attention_task& t,
                        std::uint32_t token, std::uint32_t head) {
  const std::size_t offset =
      token * t.row_stride + std::size_t(head) * t.head_dim;
  std::memcpy(s.q, t.q + offset, t.head_dim * sizeof(float));
  s.out = t.out + offset;
  s.last = t.start + token + 1;
  s.first = t.window != 0 && s.last > t.window ? s.last - t.window : 0;
  s.highest = -__builtin_inff();
  s.sum = 0.0f;
  std::memset(s.values, 0, (t.head_dim + 15) / 16 * 16 * sizeof(float));
}

void attention(const attention_task& t) {
  attention_state states[attention_rows];
  std::size_t count = 0;
  const auto flush = [&] {
    attend(states, count, t);
    for (std::size_t i = 0; i < count; ++i)
      in_lanes(t.head_dim, [&](std::size_t d, std::size_t lanes) {
        const f32x16 sum = v_set(states[i].sum);
        store_lanes(states[i].out + d, v_div(v_load(states[i].values + d), sum),
                    lanes);
      });
    count = 0;
  };
  for (std::uint32_t token = t.first; token < t.last; ++token)
    for (std::uint32_t head = 0; head < t.group; ++head) {
      start_state(states[count++], t, token, head);
      if (count == attention_rows)
        flush();
    }
  if (count > 0)
    flush();
}

} // namespace
} // namespace sluice::device
