// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sixteen lanes in four NEON registers, with the dot products of Armv8.2. Same
// names and same bits as vec_reference.hpp; see there.
//
// The dot product takes signed bytes only: weights are kept less 128, and four
// inputs carry 128 times their sum, which makes up for it exactly.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::device {
namespace {

struct f32x16 {
  float32x4_t v[4];
};
struct i32x16 {
  int32x4_t v[4];
};
/// 16 lanes of 4 bytes, less 128.
struct weights4 {
  int8x16_t v[4];
};
struct inputs4 {
  int8x16_t value;
  int32x4_t offset; ///< 128 times their sum
};

constexpr std::size_t max_rows = 4;
constexpr std::size_t max_pair_rows = 4;
constexpr std::size_t max_tiles = 1;
constexpr std::size_t max_states = 4;
constexpr std::size_t inputs4_bytes = 8;
constexpr int product_unroll = 1;

/// f(i) in each register i.
template <class F>
inline f32x16 each(F f) {
  return {{f(0), f(1), f(2), f(3)}};
}

inline uint32x4_t bits_of(float32x4_t x) {
  return vreinterpretq_u32_f32(x);
}
inline float32x4_t of_bits(uint32x4_t x) {
  return vreinterpretq_f32_u32(x);
}

inline f32x16 v_set(float x) {
  return each([&](int) { return vdupq_n_f32(x); });
}
inline f32x16 v_load(const float* p) {
  return each([&](int i) { return vld1q_f32(p + 4 * i); });
}
inline f32x16 v_load_n(const float* p, std::size_t n) {
  float all[16] = {};
  std::memcpy(all, p, n * sizeof(float));
  return v_load(all);
}
inline void v_store(float* p, f32x16 a) {
  for (int i = 0; i < 4; ++i)
    vst1q_f32(p + 4 * i, a.v[i]);
}
inline void v_store_n(float* p, f32x16 a, std::size_t n) {
  float all[16];
  v_store(all, a);
  std::memcpy(p, all, n * sizeof(float));
}

inline float32x4_t load_4_halves(const std::uint16_t* p) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
inline f32x16 v_load_f16(const std::uint16_t* p) {
  return each([&](int i) { return load_4_halves(p + 4 * i); });
}
inline void v_store_f16(std::uint16_t* p, f32x16 a) {
  for (int i = 0; i < 4; ++i)
    vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(a.v[i])));
}
inline f32x16 v_f16(f32x16 a) {
  return each([&](int i) { return vcvt_f32_f16(vcvt_f16_f32(a.v[i])); });
}
inline float round_f16(float x) {
  return vgetq_lane_f32(vcvt_f32_f16(vcvt_f16_f32(vdupq_n_f32(x))), 0);
}

/// The nearest bf16, ties to even; a NaN becomes a quiet one.
inline uint16x4_t bf16_of_4(float32x4_t x) {
  const uint32x4_t b = bits_of(x);
  const uint32x4_t odd = vandq_u32(vshrq_n_u32(b, 16), vdupq_n_u32(1));
  const uint32x4_t near = vaddq_u32(vaddq_u32(b, vdupq_n_u32(0x7fff)), odd);
  const uint32x4_t quiet = vorrq_u32(b, vdupq_n_u32(0x400000));
  return vshrn_n_u32(vbslq_u32(vceqq_f32(x, x), near, quiet), 16);
}
inline void v_store_bf16(std::uint16_t* p, f32x16 a) {
  for (int i = 0; i < 4; ++i)
    vst1_u16(p + 4 * i, bf16_of_4(a.v[i]));
}

inline f32x16 v_add(f32x16 a, f32x16 b) {
  return each([&](int i) { return vaddq_f32(a.v[i], b.v[i]); });
}
inline f32x16 v_sub(f32x16 a, f32x16 b) {
  return each([&](int i) { return vsubq_f32(a.v[i], b.v[i]); });
}
inline f32x16 v_mul(f32x16 a, f32x16 b) {
  return each([&](int i) { return vmulq_f32(a.v[i], b.v[i]); });
}
inline f32x16 v_div(f32x16 a, f32x16 b) {
  return each([&](int i) { return vdivq_f32(a.v[i], b.v[i]); });
}
inline f32x16 v_fma(f32x16 a, f32x16 b, f32x16 c) {
  return each([&](int i) { return vfmaq_f32(c.v[i], a.v[i], b.v[i]); });
}
// Not vmaxq: that is NaN if either is.
inline float32x4_t greater_of(float32x4_t a, float32x4_t b) {
  return vbslq_f32(vcgtq_f32(a, b), a, b);
}
inline f32x16 v_max(f32x16 a, f32x16 b) {
  return each([&](int i) { return greater_of(a.v[i], b.v[i]); });
}
inline f32x16 v_min(f32x16 a, f32x16 b) {
  return each([&](int i) {
    return vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]);
  });
}
inline f32x16 v_nan_or(f32x16 x, f32x16 r) {
  return each([&](int i) {
    return vbslq_f32(vceqq_f32(x.v[i], x.v[i]), r.v[i], x.v[i]);
  });
}
inline f32x16 v_keep(f32x16 a, std::uint32_t first, std::uint32_t last,
                     float other) {
  const std::uint32_t count[4] = {0, 1, 2, 3};
  return each([&](int i) {
    const uint32x4_t index = vaddq_u32(
        vld1q_u32(count), vdupq_n_u32(static_cast<std::uint32_t>(4 * i)));
    const uint32x4_t inside = vandq_u32(vcgeq_u32(index, vdupq_n_u32(first)),
                                        vcltq_u32(index, vdupq_n_u32(last)));
    return vbslq_f32(inside, a.v[i], vdupq_n_f32(other));
  });
}
inline float v_sum(f32x16 a) {
  const float32x4_t four =
      vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
inline float v_highest(f32x16 a) {
  const float32x4_t four =
      greater_of(greater_of(a.v[0], a.v[2]), greater_of(a.v[1], a.v[3]));
  const float32x4_t two = greater_of(four, vextq_f32(four, four, 2));
  const float one = vgetq_lane_f32(two, 0);
  const float other = vgetq_lane_f32(two, 1);
  return one > other ? one : other;
}
inline f32x16 v_max_abs(f32x16 a, f32x16 x) {
  return each([&](int i) {
    return of_bits(vmaxq_u32(bits_of(a.v[i]), bits_of(vabsq_f32(x.v[i]))));
  });
}
inline float v_highest_bits(f32x16 a) {
  const uint32x4_t four =
      vmaxq_u32(vmaxq_u32(bits_of(a.v[0]), bits_of(a.v[1])),
                vmaxq_u32(bits_of(a.v[2]), bits_of(a.v[3])));
  const std::uint32_t highest = vmaxvq_u32(four);
  float x;
  std::memcpy(&x, &highest, sizeof x);
  return x;
}
inline f32x16 v_pow2(f32x16 t) {
  return each([&](int i) {
    return of_bits(
        vshlq_n_u32(vaddq_u32(bits_of(t.v[i]), vdupq_n_u32(127)), 23));
  });
}

inline void v_store_i8(std::int8_t* p, f32x16 t) {
  const uint16x8_t low =
      vcombine_u16(vmovn_u32(bits_of(t.v[0])), vmovn_u32(bits_of(t.v[1])));
  const uint16x8_t high =
      vcombine_u16(vmovn_u32(bits_of(t.v[2])), vmovn_u32(bits_of(t.v[3])));
  const uint8x16_t all = vcombine_u8(vmovn_u16(low), vmovn_u16(high));
  vst1q_s8(p, vreinterpretq_s8_u8(all));
}
inline f32x16 v_load_i8(const std::int8_t* p) {
  const int8x16_t x = vld1q_s8(p);
  const int16x8_t low = vmovl_s8(vget_low_s8(x));
  const int16x8_t high = vmovl_s8(vget_high_s8(x));
  return {{vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))),
           vcvtq_f32_s32(vmovl_s16(vget_high_s16(low))),
           vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))),
           vcvtq_f32_s32(vmovl_s16(vget_high_s16(high)))}};
}
inline f32x16 v_load_i8(const std::byte* p) {
  return v_load_i8(reinterpret_cast<const std::int8_t*>(p));
}
inline f32x16 v_load_u8(const std::byte* p) {
  const uint8x16_t x = vld1q_u8(reinterpret_cast<const std::uint8_t*>(p));
  const uint16x8_t low = vmovl_u8(vget_low_u8(x));
  const uint16x8_t high = vmovl_u8(vget_high_u8(x));
  return {{vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))),
           vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
           vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))),
           vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}

inline std::int32_t load_i32(const std::byte* p) {
  std::int32_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline i32x16 i_set(std::int32_t x) {
  const int32x4_t four = vdupq_n_s32(x);
  return {{four, four, four, four}};
}
inline f32x16 i_to_f32(i32x16 a) {
  return each([&](int i) { return vcvtq_f32_s32(a.v[i]); });
}

struct bytes64 {
  uint8x16_t v[4];
};
inline bytes64 load_bytes64(const std::byte* p) {
  bytes64 x;
  for (int i = 0; i < 4; ++i)
    x.v[i] = vld1q_u8(reinterpret_cast<const std::uint8_t*>(p) + 16 * i);
  return x;
}
inline bytes64 low_nibbles(bytes64 x) {
  for (auto& part : x.v)
    part = vandq_u8(part, vdupq_n_u8(15));
  return x;
}
inline bytes64 high_nibbles(bytes64 x) {
  for (auto& part : x.v)
    part = vshrq_n_u8(part, 4);
  return x;
}
inline bytes64 with_bits(bytes64 low, bytes64 high, int left,
                         std::uint8_t mask) {
  const int8x16_t by = vdupq_n_s8(static_cast<std::int8_t>(left));
  for (int i = 0; i < 4; ++i)
    low.v[i] =
        vorrq_u8(low.v[i], vandq_u8(vshlq_u8(high.v[i], by), vdupq_n_u8(mask)));
  return low;
}
inline weights4 to_weights4(bytes64 x) {
  weights4 w;
  for (int i = 0; i < 4; ++i)
    w.v[i] = vreinterpretq_s8_u8(veorq_u8(x.v[i], vdupq_n_u8(0x80)));
  return w;
}
inline weights4 load_weights4(const std::byte* p) {
  return to_weights4(load_bytes64(p));
}

inline void store_inputs4(std::byte* p, const std::int8_t* x) {
  const std::int32_t offset = 128 * (x[0] + x[1] + x[2] + x[3]);
  std::memcpy(p, x, 4);
  std::memcpy(p + 4, &offset, sizeof offset);
}
inline inputs4 load_inputs4(const std::byte* p) {
  return {vreinterpretq_s8_s32(vdupq_n_s32(load_i32(p))),
          vdupq_n_s32(load_i32(p + 4))};
}
inline i32x16 i_dot4(i32x16 a, weights4 w, inputs4 x) {
  for (int i = 0; i < 4; ++i)
    a.v[i] = vdotq_s32(vaddq_s32(a.v[i], x.offset), w.v[i], x.value);
  return a;
}

/// The halves of 16 pairs of bf16, widened; subnormal ones are zero.
struct pairs16 {
  f32x16 even, odd;
};
struct inputs2 {
  float32x4_t even, odd;
};
inline float32x4_t flushed(uint32x4_t b) {
  const uint32x4_t normal = vtstq_u32(b, vdupq_n_u32(0x7f800000));
  return of_bits(vbslq_u32(normal, b, vandq_u32(b, vdupq_n_u32(0x80000000))));
}
inline float32x4_t even_bf16(uint32x4_t x) {
  return flushed(vshlq_n_u32(x, 16));
}
inline float32x4_t odd_bf16(uint32x4_t x) {
  return flushed(vandq_u32(x, vdupq_n_u32(0xffff0000)));
}
inline pairs16 load_pairs16(const std::byte* p) {
  const bytes64 x = load_bytes64(p);
  return {each([&](int i) { return even_bf16(vreinterpretq_u32_u8(x.v[i])); }),
          each([&](int i) { return odd_bf16(vreinterpretq_u32_u8(x.v[i])); })};
}
inline inputs2 load_inputs2(const std::byte* p) {
  const uint32x4_t x = vreinterpretq_u32_s32(vdupq_n_s32(load_i32(p)));
  return {even_bf16(x), odd_bf16(x)};
}
/// As flushed_fma of the reference. The processor's own way to flush rounds
/// after it has looked, so results near the lower end are looked at here.
inline float32x4_t flushed_fma(float32x4_t a, float32x4_t b, float32x4_t c) {
  const float32x4_t r = vfmaq_f32(c, a, b);
  const uint32x4_t least = vdupq_n_u32(0x00800000);
  if (vmaxvq_u32(vcleq_u32(bits_of(vabsq_f32(r)), least)) == 0)
    return r;
  float of[4][4];
  vst1q_f32(of[0], a);
  vst1q_f32(of[1], b);
  vst1q_f32(of[2], c);
  vst1q_f32(of[3], r);
  for (int i = 0; i < 4; ++i) {
    const double exact = double(of[0][i]) * double(of[1][i]) + double(of[2][i]);
    if (__builtin_fabs(exact) < 0x1p-126 - 0x1p-151)
      of[3][i] = __builtin_copysignf(0.0f, of[3][i]);
  }
  return vld1q_f32(of[3]);
}
inline f32x16 v_dot2(f32x16 a, pairs16 w, inputs2 x) {
  for (int i = 0; i < 4; ++i) {
    a.v[i] = flushed_fma(w.odd.v[i], x.odd, a.v[i]);
    a.v[i] = flushed_fma(w.even.v[i], x.even, a.v[i]);
  }
  return a;
}
struct dot2_mode {
  dot2_mode() {}
};

} // namespace
} // namespace sluice::device
