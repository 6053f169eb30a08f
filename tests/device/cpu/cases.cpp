// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/device/cpu/cases.hpp"

#include <algorithm>

namespace sluice::device::tests {

namespace {

void append(std::vector<std::byte>& out, const void* p, std::size_t n) {
  const auto* b = static_cast<const std::byte*>(p);
  out.insert(out.end(), b, b + n);
}

/// An f16 in [2^-8, 2^-4) and its value.
std::uint16_t small_f16(inputs& in, double& value) {
  const std::uint32_t exponent = 7 + in.below(4);
  const std::uint32_t mantissa = in.below(1024);
  value = std::ldexp(1024.0 + mantissa, int(exponent) - 25);
  return static_cast<std::uint16_t>((exponent << 10) | mantissa);
}

void plain(inputs& in, sample_weights& w, dtype type, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    float x = in.normal();
    if (type == dtype::f32) {
      append(w.bytes, &x, 4);
    } else if (type == dtype::bf16) {
      const auto h =
          static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
      append(w.bytes, &h, 2);
      x = std::bit_cast<float>(std::uint32_t(h) << 16);
    } else {
      double v;
      auto h = small_f16(in, v);
      if (in.below(2) == 1) {
        h |= 0x8000;
        v = -v;
      }
      if (in.below(16) == 0) { // subnormal
        h &= 0x83ff;
        v = (h & 0x8000 ? -1 : 1) * std::ldexp(double(h & 1023), -24);
      }
      append(w.bytes, &h, 2);
      x = float(v);
    }
    w.exact.push_back(x);
  }
}

void simple_block(inputs& in, sample_weights& w, dtype type) {
  double d;
  const auto h = small_f16(in, d);
  append(w.bytes, &h, 2);
  if (type == dtype::q8_0) {
    for (int i = 0; i < 32; ++i) {
      const auto q = static_cast<std::int8_t>(int(in.below(256)) - 128);
      append(w.bytes, &q, 1);
      w.exact.push_back(d * q);
    }
    return;
  }
  std::uint8_t q[32];
  for (auto& x : q)
    x = static_cast<std::uint8_t>(in.below(16));
  for (int i = 0; i < 16; ++i) {
    const auto b = static_cast<std::uint8_t>(q[i] | (q[i + 16] << 4));
    append(w.bytes, &b, 1);
  }
  for (auto x : q)
    w.exact.push_back(d * (x - 8));
}

/// q4_k and q5_k: built from chosen values, so the layout is written here a
/// second time, the other way round.
void k_block(inputs& in, sample_weights& w, dtype type) {
  double d;
  double dmin;
  const std::uint16_t heads[2] = {small_f16(in, d), small_f16(in, dmin)};
  append(w.bytes, heads, 4);
  unsigned scale[8];
  unsigned minimum[8];
  for (int g = 0; g < 8; ++g) {
    scale[g] = in.below(64);
    minimum[g] = in.below(64);
  }
  std::uint8_t packed[12];
  for (int g = 0; g < 4; ++g) {
    packed[g] = std::uint8_t(scale[g] | ((scale[g + 4] >> 4) << 6));
    packed[g + 4] = std::uint8_t(minimum[g] | ((minimum[g + 4] >> 4) << 6));
    packed[g + 8] =
        std::uint8_t((scale[g + 4] & 15) | ((minimum[g + 4] & 15) << 4));
  }
  append(w.bytes, packed, 12);
  const bool five = type == dtype::q5_k;
  unsigned q[256];
  for (auto& x : q)
    x = in.below(five ? 32 : 16);
  if (five)
    for (int i = 0; i < 32; ++i) {
      unsigned b = 0;
      for (int g = 0; g < 8; ++g)
        b |= (q[32 * g + i] >> 4) << g;
      const auto byte = std::uint8_t(b);
      append(w.bytes, &byte, 1);
    }
  for (int g = 0; g < 8; g += 2)
    for (int i = 0; i < 32; ++i) {
      const auto b =
          std::uint8_t((q[32 * g + i] & 15) | ((q[32 * g + 32 + i] & 15) << 4));
      append(w.bytes, &b, 1);
    }
  for (int i = 0; i < 256; ++i)
    w.exact.push_back(d * scale[i / 32] * q[i] - dmin * minimum[i / 32]);
}

void q6_block(inputs& in, sample_weights& w) {
  unsigned q[256];
  for (auto& x : q)
    x = in.below(64);
  std::uint8_t low[128];
  std::uint8_t high[64];
  for (int h = 0; h < 2; ++h)
    for (int i = 0; i < 32; ++i) {
      const unsigned* v = q + 128 * h + i;
      low[64 * h + i] = std::uint8_t((v[0] & 15) | ((v[64] & 15) << 4));
      low[64 * h + 32 + i] = std::uint8_t((v[32] & 15) | ((v[96] & 15) << 4));
      high[32 * h + i] =
          std::uint8_t((v[0] >> 4) | ((v[32] >> 4) << 2) | ((v[64] >> 4) << 4)
                       | ((v[96] >> 4) << 6));
    }
  std::int8_t scale[16];
  for (auto& s : scale)
    s = static_cast<std::int8_t>(int(in.below(256)) - 128);
  double d;
  const auto head = small_f16(in, d);
  append(w.bytes, low, 128);
  append(w.bytes, high, 64);
  append(w.bytes, scale, 16);
  append(w.bytes, &head, 2);
  for (int i = 0; i < 256; ++i)
    w.exact.push_back(d * scale[i / 16] * (int(q[i]) - 32));
}

} // namespace

float nearest_f16(float x) {
  const int exponent = std::max(x == 0.0f ? -14 : std::ilogb(x), -14);
  const float step = std::ldexp(1.0f, exponent - 10);
  const float rounded = std::nearbyint(x / step) * step;
  return std::abs(rounded) > 65504.0f ? std::copysign(INFINITY, x) : rounded;
}

sample_weights random_weights(inputs& in, dtype type, std::size_t n,
                              std::size_t k) {
  sample_weights w;
  const std::size_t step = block_elements(type);
  if (step == 1)
    plain(in, w, type, n * k);
  else
    for (std::size_t i = 0; i < n * k; i += step)
      if (type == dtype::q8_0 || type == dtype::q4_0)
        simple_block(in, w, type);
      else if (type == dtype::q6_k)
        q6_block(in, w);
      else
        k_block(in, w, type);
  w.view = {type, {n, k}, w.bytes.data()};
  return w;
}

void on_every_path(const std::function<void(backend&, isa)>& f) {
  thread_pool pool(2);
  for (auto path :
       {isa::reference, isa::avx2, isa::avx512_vnni, isa::avx512_bf16}) {
    if (!supported(path)) {
      BOOST_TEST_MESSAGE("skipped: this processor cannot run " << name(path));
      continue;
    }
    BOOST_TEST_CONTEXT(name(path)) {
      f(*make_cpu_backend(pool, path), path);
    }
  }
}

void require_same_bits(const std::vector<float>& got,
                       const std::vector<float>& want,
                       const std::string& what) {
  BOOST_REQUIRE_EQUAL(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    if (std::bit_cast<std::uint32_t>(got[i])
        != std::bit_cast<std::uint32_t>(want[i])) {
      BOOST_FAIL(what << ": element " << i << " is " << got[i] << " and not "
                      << want[i]);
    }
}

} // namespace sluice::device::tests
