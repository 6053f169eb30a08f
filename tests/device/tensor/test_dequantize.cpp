// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Every number format against a decoder written from the format's description,
// element by element, on random blocks with ordinary and extreme scales.
#include "device/files/model_files.hpp"
#include "device/tensor/tensor_view.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace sluice::device;

namespace {

using block = const std::uint8_t*;

/// The value of f16 bits, from the definition.
double half(std::uint16_t bits) {
  const double sign = bits & 0x8000 ? -1.0 : 1.0;
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  if (exponent == 31) {
    return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  return exponent == 0 ? sign * std::ldexp(mantissa, -24)
                       : sign * std::ldexp(1024 + mantissa, exponent - 25);
}

double half_at(block in) {
  return half(static_cast<std::uint16_t>(in[0] | in[1] << 8));
}

double q8_0(block in, int i) {
  return half_at(in) * static_cast<std::int8_t>(in[2 + i]);
}

double q4_0(block in, int i) {
  const int nibble = i < 16 ? in[2 + i] % 16 : in[2 + i - 16] / 16;
  return half_at(in) * (nibble - 8);
}

/// Bit `bit` of a byte string.
int bit(block in, int bit) {
  return in[bit / 8] >> bit % 8 & 1;
}

/// The 6-bit scale (or, from byte 4, minimum) of group 0..7: low six bits for
/// the first four; else a nibble of the last four bytes, the top two bits of
/// the first eight bytes above it.
int k_six_bits(block packed, int group, bool min) {
  const int own = min ? 4 : 0;
  if (group < 4) {
    return packed[own + group] % 64;
  }
  int value = 0;
  for (int b = 0; b < 4; ++b) {
    value += bit(packed + 4 + group, own + b) << b;
  }
  return value + (packed[own + group - 4] / 64 << 4);
}

double k_value(block in, int i, int value) {
  const int group = i / 32;
  return half_at(in) * k_six_bits(in + 4, group, false) * value
         - half_at(in + 2) * k_six_bits(in + 4, group, true);
}

/// Nibble of element i in 4 runs of 64 elements over 32 bytes each.
int k_nibble(block nibbles, int i) {
  const int byte = nibbles[i / 64 * 32 + i % 32];
  return i % 64 < 32 ? byte % 16 : byte / 16;
}

double q4_k(block in, int i) {
  return k_value(in, i, k_nibble(in + 16, i));
}

double q5_k(block in, int i) {
  const int fifth = bit(in + 16 + i % 32, i / 32);
  return k_value(in, i, k_nibble(in + 48, i) + 16 * fifth);
}

double q6_k(block in, int i) {
  const int half_block = i / 128;
  const int quarter = i % 128 / 32;
  const int lane = i % 32;
  const int low_byte = in[half_block * 64 + quarter % 2 * 32 + lane];
  const int low = quarter < 2 ? low_byte % 16 : low_byte / 16;
  const block high = in + 128 + half_block * 32 + lane;
  const int top = bit(high, quarter * 2) + 2 * bit(high, quarter * 2 + 1);
  return half_at(in + 208) * static_cast<std::int8_t>(in[192 + i / 16])
         * (low + 16 * top - 32);
}

struct block_format {
  dtype type;
  double (*decode)(block, int);
  std::vector<int> scales; ///< byte offsets of the f16 numbers
};

const std::vector<block_format>& block_formats() {
  static const std::vector<block_format> formats{{dtype::q8_0, q8_0, {0}},
                                                 {dtype::q4_0, q4_0, {0}},
                                                 {dtype::q4_k, q4_k, {0, 2}},
                                                 {dtype::q5_k, q5_k, {0, 2}},
                                                 {dtype::q6_k, q6_k, {208}}};
  return formats;
}

/// Random bytes of one block with the given f16 scales.
std::vector<std::uint8_t> random_block(const block_format& format,
                                       std::uint16_t scale,
                                       std::mt19937& random) {
  std::vector<std::uint8_t> bytes(block_bytes(format.type));
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(random());
  }
  for (const int at : format.scales) {
    bytes[at] = scale & 255;
    bytes[at + 1] = scale >> 8;
  }
  return bytes;
}

void check_block(const block_format& format,
                 const std::vector<std::uint8_t>& bytes) {
  const auto elements = block_elements(format.type);
  const tensor_view tensor{format.type,
                           {elements},
                           reinterpret_cast<const std::byte*>(bytes.data())};
  const auto values = to_f32(tensor);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < elements; ++i) {
    const auto expected = format.decode(bytes.data(), static_cast<int>(i));
    // A few f32 roundings of terms that the minimum may cancel.
    const auto scale =
        std::abs(half_at(bytes.data() + format.scales.front())) * 64 * 32
        + std::abs(half_at(bytes.data() + format.scales.back())) * 128 * 32;
    wrong += !(std::abs(values[i] - expected) <= scale * 0x1p-22);
  }
  BOOST_TEST(wrong == 0u);
}

} // namespace

BOOST_AUTO_TEST_SUITE(dequantize)

BOOST_AUTO_TEST_CASE(every_f16_number_is_exact) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto stored = static_cast<std::uint16_t>(bits);
    const tensor_view scalar{
        dtype::f16, {}, reinterpret_cast<const std::byte*>(&stored)};
    const auto value = to_f32(scalar).front();
    const auto expected = half(stored);
    if (std::isnan(expected)
            ? !std::isnan(value)
            : value != expected
                  || std::signbit(value) != std::signbit(expected)) {
      BOOST_ERROR("f16 bits " << bits << " give " << value << ", not "
                              << expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(bf16_is_the_upper_half_of_f32) {
  for (const auto value : {0.0f, -0.0f, 1.0f, -2.5f, 0x1p-133f, 0x1.fep127f,
                           std::numeric_limits<float>::infinity()}) {
    const auto stored =
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
    const tensor_view scalar{
        dtype::bf16, {}, reinterpret_cast<const std::byte*>(&stored)};
    const auto read = to_f32(scalar).front();
    BOOST_TEST(std::bit_cast<std::uint32_t>(read)
               == std::bit_cast<std::uint32_t>(value));
  }
}

BOOST_AUTO_TEST_CASE(integers_become_floats) {
  const std::int32_t ids[] = {0, -1, 511, 1 << 24};
  const tensor_view tensor{
      dtype::i32, {4}, reinterpret_cast<const std::byte*>(ids)};
  BOOST_TEST(to_f32(tensor) == (std::vector<float>{0, -1, 511, 16777216}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(unaligned_rows_are_read) {
  std::vector<std::byte> bytes(1 + 8);
  const float values[] = {1.5f, -3.0f};
  std::memcpy(bytes.data() + 1, values, sizeof(values));
  const tensor_view tensor{dtype::f32, {2}, bytes.data() + 1};
  BOOST_TEST(to_f32(tensor) == (std::vector<float>{1.5f, -3.0f}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(blocks_match_the_format_with_any_scale) {
  // 1, -1, 0, -0, the smallest subnormal, the smallest normal, the largest.
  const std::uint16_t scales[] = {0x3c00, 0xbc00, 0x0000, 0x8000,
                                  0x0001, 0x0400, 0x7bff, 0xfbff};
  std::mt19937 random(7);
  for (const auto& format : block_formats()) {
    BOOST_TEST_CONTEXT(name(format.type)) {
      for (const auto scale : scales) {
        BOOST_TEST_CONTEXT("scale bits " << scale) {
          check_block(format, random_block(format, scale, random));
        }
      }
      for (int i = 0; i < 200; ++i) {
        const auto scale = static_cast<std::uint16_t>(random() % 0x7c00);
        check_block(format, random_block(format, scale, random));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(blocks_of_extreme_bytes_match_the_format) {
  for (const auto& format : block_formats()) {
    for (const std::uint8_t byte : {0x00, 0x7f, 0x80, 0xff}) {
      std::vector<std::uint8_t> bytes(block_bytes(format.type), byte);
      for (const int at : format.scales) {
        bytes[at] = 0x00;
        bytes[at + 1] = 0x3c;
      }
      BOOST_TEST_CONTEXT(name(format.type)) {
        check_block(format, bytes);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_are_decoded_one_by_one) {
  std::mt19937 random(8);
  for (const auto& format : block_formats()) {
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 6; ++i) {
      const auto one = random_block(format, 0x3c00, random);
      bytes.insert(bytes.end(), one.begin(), one.end());
    }
    const auto columns = block_elements(format.type) * 2;
    const tensor_view tensor{format.type,
                             {3, columns},
                             reinterpret_cast<const std::byte*>(bytes.data())};
    const auto whole = to_f32(tensor);
    std::vector<float> row(columns);
    dequantize_row(tensor, 1, row);
    const bool same =
        std::equal(row.begin(), row.end(), whole.begin() + columns);
    BOOST_TEST(same);
  }
}

BOOST_AUTO_TEST_CASE(quantizations_of_one_model_agree) {
  const auto fine = model_files::open("examples/models/edge-q8_0.gguf");
  const auto coarse = model_files::open("tests/data/models/edge-q4_k_m.gguf");
  for (const auto& name : fine.gguf()->tensor_names()) {
    const auto a = to_f32(*fine.gguf()->find_tensor(name));
    const auto b = to_f32(*coarse.gguf()->find_tensor(name));
    BOOST_REQUIRE(a.size() == b.size());
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ab += double{a[i]} * b[i];
      aa += double{a[i]} * a[i];
      bb += double{b[i]} * b[i];
    }
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(ab / std::sqrt(aa * bb) > 0.99);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
