// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// KV blocks of f32 or f16: per KV head K [head_dim][16 tokens], then V [16
// tokens][head_dim rounded up to 16]. With f16, q and the weights are rounded
// to f16 too, where llama.cpp rounds them. Included once per instruction set.
#pragma once

#include "device/cpu/attention_state.hpp"

namespace sluice::device {
namespace {

struct f32_element {
  using type = float;
  static f32x16 load(const float* p) { return v_load(p); }
  static void store(float* p, f32x16 a) { v_store(p, a); }
  static f32x16 round(f32x16 a) { return a; }
};
struct f16_element {
  using type = std::uint16_t;
  static f32x16 load(const std::uint16_t* p) { return v_load_f16(p); }
  static void store(std::uint16_t* p, f32x16 a) { v_store_f16(p, a); }
  static f32x16 round(f32x16 a) { return v_f16(a); }
};

template <class E>
struct kv_plain {
  using element = typename E::type;

  static std::size_t k_bytes(std::size_t head_dim) {
    return kv_tokens * head_dim * sizeof(element);
  }
  static std::size_t head_bytes(std::size_t head_dim) {
    return k_bytes(head_dim) + k_bytes(padded_to_lanes(head_dim));
  }

  /// Weights as they multiply V.
  static f32x16 round(f32x16 weights) { return E::round(weights); }

  static void start(attention_state& s, const float* q, std::size_t head_dim) {
    in_lanes(head_dim, [&](std::size_t d, std::size_t lanes) {
      v_store(s.q + d, E::round(load_lanes(q + d, lanes)));
    });
  }

  /// scores [R][16] of R states with the K of one block. Fetches `next`, the K
  /// of the next block, which no hardware can foresee.
  template <std::size_t R>
  static void scores(float* scores, const attention_state* s,
                     const std::byte* block, const std::byte* next_block,
                     const attention_task& t) {
    const auto* k = reinterpret_cast<const element*>(block);
    const auto* next = reinterpret_cast<const element*>(next_block);
    f32x16 acc[R];
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_set(0.0f);
    for (std::size_t d = 0; d < t.head_dim; ++d) {
      __builtin_prefetch(next + d * kv_tokens);
      const f32x16 a = E::load(k + d * kv_tokens);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < R; ++r)
        acc[r] = v_fma(a, v_set(s[r].q[d]), acc[r]);
    }
    for (std::size_t r = 0; r < R; ++r)
      v_store(scores + r * kv_tokens, v_mul(acc[r], v_set(t.scale)));
  }

  /// Adds the tokens of V, weighted by p [R][16], to R states; fetches the next
  /// V.
  template <std::size_t R>
  static void values(attention_state* s, const float* p, const std::byte* block,
                     const std::byte* next_block, std::size_t head_dim,
                     token_range tokens) {
    const std::size_t dims = padded_to_lanes(head_dim);
    const auto* v = reinterpret_cast<const element*>(block);
    const auto* next = reinterpret_cast<const element*>(next_block);
    for (std::size_t d = 0; d < dims;)
      d += add_columns<E, R>(s, p, v + d, next + d, dims, d, tokens);
  }

  /// Stores k and v [head_dim] of one token and head.
  static void store(std::byte* head, std::uint32_t slot, const float* k,
                    const float* v, std::size_t head_dim) {
    auto* keys = reinterpret_cast<element*>(head);
    auto* values = reinterpret_cast<element*>(head + k_bytes(head_dim))
                   + slot * padded_to_lanes(head_dim);
    in_lanes(head_dim, [&](std::size_t d, std::size_t lanes) {
      element column[16];
      E::store(column, load_lanes(k + d, lanes));
      for (std::size_t i = 0; i < lanes; ++i)
        keys[(d + i) * kv_tokens + slot] = column[i];
      E::store(values + d, load_lanes(v + d, lanes));
    });
  }
};

using kv_f32 = kv_plain<f32_element>;
using kv_f16 = kv_plain<f16_element>;

} // namespace
} // namespace sluice::device
