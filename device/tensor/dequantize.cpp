// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/tensor/tensor_view.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

namespace sluice::device {

namespace {

// Rows of a mapped file have no alignment beyond a byte: every load of more
// than a byte goes through memcpy.
template <class T>
T load(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

float from_bf16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float from_f16(std::uint16_t bits) noexcept {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1f;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) { // zero and subnormals: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

float load_f16(const std::byte* from) noexcept {
  return from_f16(load<std::uint16_t>(from));
}

int byte_at(const std::byte* from, std::size_t index) noexcept {
  return std::to_integer<int>(from[index]);
}

int signed_at(const std::byte* from, std::size_t index) noexcept {
  return static_cast<std::int8_t>(byte_at(from, index));
}

void q8_0_block(const std::byte* in, float* out) noexcept {
  const float scale = load_f16(in);
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = scale * static_cast<float>(signed_at(in + 2, i));
  }
}

// Low nibbles are elements 0..15, high nibbles 16..31.
void q4_0_block(const std::byte* in, float* out) noexcept {
  const float scale = load_f16(in);
  for (std::size_t i = 0; i < 16; ++i) {
    const int pair = byte_at(in + 2, i);
    out[i] = scale * static_cast<float>((pair & 15) - 8);
    out[i + 16] = scale * static_cast<float>((pair >> 4) - 8);
  }
}

struct scale_min {
  float scale;
  float min;
};

// Eight 6-bit scales and eight 6-bit minima in 12 bytes: the first four of each
// lie whole in bytes 0..3 and 4..7, whose top bits complete the last four.
scale_min k_scale(const std::byte* packed, std::size_t index) noexcept {
  int scale = 0;
  int min = 0;
  if (index < 4) {
    scale = byte_at(packed, index) & 63;
    min = byte_at(packed, index + 4) & 63;
  } else {
    const int low = byte_at(packed, index + 4);
    scale = (low & 15) | (byte_at(packed, index - 4) >> 6) << 4;
    min = (low >> 4) | (byte_at(packed, index) >> 6) << 4;
  }
  return {static_cast<float>(scale), static_cast<float>(min)};
}

// q4_k and q5_k: 8 groups of 32; groups 2i and 2i+1 share 32 bytes of nibbles.
// `high` [32] holds bit `group` of each element's fifth bit, null for q4_k.
void k_block(const std::byte* in, const std::byte* high,
             const std::byte* nibbles, float* out) noexcept {
  const float scale = load_f16(in);
  const float min = load_f16(in + 2);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto packed = k_scale(in + 4, group);
    const float group_scale = scale * packed.scale;
    const float group_min = min * packed.min;
    const auto* pairs = nibbles + group / 2 * 32;
    for (std::size_t i = 0; i < 32; ++i) {
      const int pair = byte_at(pairs, i);
      int value = group % 2 == 0 ? pair & 15 : pair >> 4;
      if (high != nullptr) {
        value |= (byte_at(high, i) >> group & 1) << 4;
      }
      out[group * 32 + i] = group_scale * static_cast<float>(value) - group_min;
    }
  }
}

void q4_k_block(const std::byte* in, float* out) noexcept {
  k_block(in, nullptr, in + 16, out);
}

void q5_k_block(const std::byte* in, float* out) noexcept {
  k_block(in, in + 16, in + 48, out);
}

// ql [128], qh [64], scales [16], f16. Each half of 128 elements has 4 groups
// of 32: low nibbles of ql 0..31, of 32..63, then the high nibbles of both;
// group g takes bits 2g and 2g+1 of qh. Scales cover 16 elements.
void q6_k_block(const std::byte* in, float* out) noexcept {
  const float scale = load_f16(in + 208);
  for (std::size_t i = 0; i < 256; ++i) {
    const auto half = i / 128;
    const auto group = i % 128 / 32;
    const auto lane = i % 32;
    const int low = byte_at(in + half * 64, group % 2 * 32 + lane);
    const int top = byte_at(in + 128 + half * 32, lane) >> 2 * group & 3;
    const int value = (group < 2 ? low & 15 : low >> 4) | top << 4;
    const int group_scale = signed_at(in + 192, i / 16);
    out[i] = scale * static_cast<float>(group_scale)
             * static_cast<float>(value - 32);
  }
}

template <class T, class Convert>
void each_element(const std::byte* in, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = convert(load<T>(in + i * sizeof(T)));
  }
}

template <class Block>
void each_block(dtype type, const std::byte* in, std::span<float> out,
                Block block) {
  const auto step = block_elements(type);
  for (std::size_t i = 0; i < out.size(); i += step) {
    block(in, out.data() + i);
    in += block_bytes(type);
  }
}

} // namespace

void dequantize_row(const tensor_view& tensor, std::size_t row,
                    std::span<float> out) {
  const auto columns = tensor.columns();
  assert(row < tensor.rows() && out.size() == columns);
  const auto type = tensor.type;
  const auto* in = tensor.data + row * row_bytes(type, columns);
  switch (type) {
  case dtype::f32:
    return each_element<float>(in, out, [](float x) { return x; });
  case dtype::f16:
    return each_element<std::uint16_t>(in, out, from_f16);
  case dtype::bf16:
    return each_element<std::uint16_t>(in, out, from_bf16);
  case dtype::i32:
    return each_element<std::int32_t>(
        in, out, [](std::int32_t x) { return static_cast<float>(x); });
  case dtype::q8_0:
    return each_block(type, in, out, q8_0_block);
  case dtype::q4_0:
    return each_block(type, in, out, q4_0_block);
  case dtype::q4_k:
    return each_block(type, in, out, q4_k_block);
  case dtype::q5_k:
    return each_block(type, in, out, q5_k_block);
  case dtype::q6_k:
    return each_block(type, in, out, q6_k_block);
  }
}

} // namespace sluice::device
