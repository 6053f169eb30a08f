// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// KV blocks of int8: 32 elements of a token and head are a group with an f32
// scale, greatest magnitude / 127. Per KV head, g groups:
//   scales of K [g][16 tokens]; K + 128 as bytes [8 g][16 tokens][4 elements];
//   scales of V [g][16 tokens]; V [16 tokens][32 g].
// Queries are rounded alike, so that a group's score is a sum of integers,
// exact, times both scales. Weights take V's scale and stay f32: rounded to 8
// bits, the many small ones of a long context would vanish. Groups of 32,
// because a key may have a few elements a hundred times the others. Included
// once per instruction set.
#pragma once

#include "device/cpu/attention_state.hpp"

namespace sluice::device {
namespace {

/// 32 values rounded to int8, and what one step of them is worth.
struct int8_group {
  alignas(16) std::int8_t values[kv_group];
  float scale;
  std::int32_t sum;
};

/// The first n of x, zeros behind. A NaN or an infinity goes into the scale.
inline void round_group(int8_group& out, const float* x, std::size_t n) {
  f32x16 x0 = v_load_n(x, n < 16 ? n : 16);
  f32x16 x1 = n > 16 ? v_load_n(x + 16, n - 16) : v_set(0.0f);
  const float highest =
      v_highest_bits(v_max_abs(v_max_abs(v_set(0.0f), x0), x1));
  // 127 / highest would overflow.
  const float inverse = highest < 1e-30f ? 0.0f : 127.0f / highest;
  out.scale = highest < 1e-30f ? 0.0f : highest / 127.0f;
  const auto round = [&](f32x16 a, std::int8_t* to) {
    const f32x16 shift = v_set(rounding_shift);
    const f32x16 low = v_max(v_mul(a, v_set(inverse)), v_set(-127.0f));
    const f32x16 steps = v_add(v_min(low, v_set(127.0f)), shift);
    v_store_i8(to, steps);
    return v_sum(v_sub(steps, shift)); // whole numbers: exact
  };
  const float sum = round(x0, out.values) + round(x1, out.values + 16);
  out.sum = static_cast<std::int32_t>(sum);
}

struct int8_element {
  using type = std::int8_t;
  static f32x16 load(const std::int8_t* p) { return v_load_i8(p); }
};

struct kv_int8 {
  static constexpr std::size_t scale_bytes = kv_tokens * sizeof(float);
  static constexpr std::size_t value_bytes = kv_tokens * kv_group;

  static std::size_t groups(std::size_t head_dim) {
    return (head_dim + kv_group - 1) / kv_group;
  }
  static std::size_t k_bytes(std::size_t head_dim) {
    return groups(head_dim) * (scale_bytes + value_bytes);
  }
  static std::size_t head_bytes(std::size_t head_dim) {
    return 2 * k_bytes(head_dim);
  }

  static f32x16 round(f32x16 weights) { return weights; }

  static void start(attention_state& s, const float* q, std::size_t head_dim) {
    for (std::size_t g = 0; g < groups(head_dim); ++g) {
      int8_group group;
      round_group(group, q + g * kv_group, length(head_dim, g));
      for (std::size_t i = 0; i < kv_group / 4; ++i)
        store_inputs4(s.inputs + (g * kv_group / 4 + i) * inputs4_bytes,
                      group.values + 4 * i);
      s.q_scale[g] = group.scale;
      s.q_offset[g] = -128 * group.sum;
    }
  }

  /// As kv_plain::scores.
  template <std::size_t R>
  static void scores(float* scores, const attention_state* s,
                     const std::byte* block, const std::byte* next,
                     const attention_task& t) {
    const std::size_t count = groups(t.head_dim);
    const auto* scales = reinterpret_cast<const float*>(block);
    const std::byte* k = block + count * scale_bytes;
    f32x16 total[R];
    for (std::size_t r = 0; r < R; ++r)
      total[r] = v_set(0.0f);
    for (std::size_t g = 0; g < count; ++g) {
      __builtin_prefetch(next + g * scale_bytes);
      i32x16 acc[R];
      for (std::size_t r = 0; r < R; ++r)
        acc[r] = i_set(s[r].q_offset[g]);
      for (std::size_t i = 0; i < kv_group / 4; ++i) {
        const std::size_t at = g * kv_group / 4 + i;
        __builtin_prefetch(next + count * scale_bytes + at * 64);
        const weights4 a = load_weights4(k + at * 64);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < R; ++r)
          acc[r] =
              i_dot4(acc[r], a, load_inputs4(s[r].inputs + at * inputs4_bytes));
      }
      const f32x16 scale = v_load(scales + g * kv_tokens);
      for (std::size_t r = 0; r < R; ++r)
        total[r] = v_fma(i_to_f32(acc[r]), v_mul(scale, v_set(s[r].q_scale[g])),
                         total[r]);
    }
    for (std::size_t r = 0; r < R; ++r)
      v_store(scores + r * kv_tokens, v_mul(total[r], v_set(t.scale)));
  }

  /// As kv_plain::values.
  template <std::size_t R>
  static void values(attention_state* s, const float* p, const std::byte* block,
                     const std::byte* next, std::size_t head_dim,
                     token_range tokens) {
    const std::size_t count = groups(head_dim);
    const std::size_t row = count * kv_group;
    const auto* scales = reinterpret_cast<const float*>(block);
    const auto* v =
        reinterpret_cast<const std::int8_t*>(block + count * scale_bytes);
    const auto* next_v =
        reinterpret_cast<const std::int8_t*>(next + count * scale_bytes);
    for (std::size_t g = 0; g < count; ++g) {
      // Unseen tokens may have any scale; their weights are not used.
      alignas(64) float weights[R * kv_tokens];
      const f32x16 scale = v_load(scales + g * kv_tokens);
      for (std::size_t r = 0; r < R; ++r)
        v_store(weights + r * kv_tokens,
                v_mul(v_load(p + r * kv_tokens), scale));
      for (std::size_t d = g * kv_group; d < (g + 1) * kv_group;)
        d += add_columns<int8_element, R>(s, weights, v + d, next_v + d, row, d,
                                          tokens);
      __builtin_prefetch(next + g * scale_bytes);
    }
  }

  /// As kv_plain::store.
  static void store(std::byte* head, std::uint32_t slot, const float* k,
                    const float* v, std::size_t head_dim) {
    const std::size_t count = groups(head_dim);
    std::byte* v_head = head + k_bytes(head_dim);
    for (std::size_t g = 0; g < count; ++g) {
      const std::size_t n = length(head_dim, g);
      int8_group group;
      round_group(group, k + g * kv_group, n);
      std::byte* keys = head + count * scale_bytes + slot * 4;
      for (std::size_t i = 0; i < kv_group; ++i)
        keys[(g * kv_group + i) / 4 * 64 + i % 4] =
            static_cast<std::byte>(group.values[i] + 128);
      store_scale(head, g, slot, group.scale);
      round_group(group, v + g * kv_group, n);
      std::memcpy(v_head + count * scale_bytes + (slot * count + g) * kv_group,
                  group.values, kv_group);
      store_scale(v_head, g, slot, group.scale);
    }
  }

private:
  /// Elements of group g.
  static std::size_t length(std::size_t head_dim, std::size_t g) {
    const std::size_t left = head_dim - g * kv_group;
    return left < kv_group ? left : kv_group;
  }

  static void store_scale(std::byte* scales, std::size_t g, std::uint32_t slot,
                          float scale) {
    std::memcpy(scales + g * scale_bytes + slot * sizeof scale, &scale,
                sizeof scale);
  }
};

} // namespace
} // namespace sluice::device
