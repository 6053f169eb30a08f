// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/unpack_blocks.hpp"

#include <cassert>
#include <cstring>

namespace sluice::device {

namespace {

using bytes = const std::uint8_t*;

std::uint16_t read_u16(bytes p) {
  std::uint16_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

void unpack_q8_0(unpacked_block& b, bytes p) {
  b.d = read_u16(p);
  for (int i = 0; i < 32; ++i)
    b.values[i] = p[2 + i] ^ 0x80u; // int8 + 128
}

void unpack_q4_0(unpacked_block& b, bytes p) {
  b.d = read_u16(p);
  for (int i = 0; i < 16; ++i) {
    b.values[i] = p[2 + i] & 15u;
    b.values[i + 16] = p[2 + i] >> 4;
  }
}

/// Scales and minima of the 8 groups of q4_k and q5_k: 6 bits each in 12 bytes.
void unpack_k_scales(unpacked_block& b, bytes p) {
  b.d = read_u16(p);
  b.d_min = read_u16(p + 2);
  bytes s = p + 4;
  for (int g = 0; g < 4; ++g) {
    b.scales[g] = s[g] & 63u;
    b.minima[g] = s[g + 4] & 63u;
    const unsigned low = s[g + 8];
    b.scales[g + 4] =
        static_cast<std::uint8_t>((low & 15u) | unsigned(s[g] >> 6) << 4);
    b.minima[g + 4] =
        static_cast<std::uint8_t>(low >> 4 | unsigned(s[g + 4] >> 6) << 4);
  }
}

/// Low nibbles of 32 bytes are one group, high nibbles the next.
void unpack_nibbles(unpacked_block& b, bytes p) {
  for (int g = 0; g < 8; ++g)
    for (int i = 0; i < 32; ++i)
      b.values[32 * g + i] = (p[32 * (g / 2) + i] >> (4 * (g % 2))) & 15u;
}

void unpack_q4_k(unpacked_block& b, bytes p) {
  unpack_k_scales(b, p);
  unpack_nibbles(b, p + 16);
}

void unpack_q5_k(unpacked_block& b, bytes p) {
  unpack_k_scales(b, p);
  unpack_nibbles(b, p + 48);
  for (int g = 0; g < 8; ++g)
    for (int i = 0; i < 32; ++i)
      b.values[32 * g + i] |= ((p[16 + i] >> g) & 1u) << 4;
}

void unpack_q6_k(unpacked_block& b, bytes p) {
  b.d = read_u16(p + 208);
  std::memcpy(b.scales, p + 192, 16);
  for (int h = 0; h < 2; ++h) { // halves of 128 elements
    bytes low = p + 64 * h;
    bytes high = p + 128 + 32 * h;
    for (int i = 0; i < 32; ++i) {
      std::uint8_t* v = b.values + 128 * h + i;
      v[0] = (low[i] & 15u) | ((high[i] & 3u) << 4);
      v[32] = (low[i + 32] & 15u) | (((high[i] >> 2) & 3u) << 4);
      v[64] = (low[i] >> 4) | (((high[i] >> 4) & 3u) << 4);
      v[96] = (low[i + 32] >> 4) | ((high[i] >> 6) << 4);
    }
  }
}

} // namespace

void unpack_block(unpacked_block& block, dtype type, const std::byte* source) {
  const bytes p = reinterpret_cast<bytes>(source);
  switch (type) {
  case dtype::q8_0:
    return unpack_q8_0(block, p);
  case dtype::q4_0:
    return unpack_q4_0(block, p);
  case dtype::q4_k:
    return unpack_q4_k(block, p);
  case dtype::q5_k:
    return unpack_q5_k(block, p);
  case dtype::q6_k:
    return unpack_q6_k(block, p);
  default:
    assert(false && "not a block format");
  }
}

} // namespace sluice::device
