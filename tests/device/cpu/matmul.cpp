// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "tests/device/cpu/cases.hpp"

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

struct product_case {
  dtype type;
  std::size_t rows, n, k;
  bool bias;
};

bool is_float(dtype type) {
  return block_elements(type) == 1;
}

/// |y - exact| allowed: rounding of the sums, for block formats half a step of
/// the activations' int8, for bf16 half a step of theirs.
double tolerance(const product_case& p, const double* w, const float* x) {
  double sum = 0;
  double highest = 0;
  double weights = 0;
  for (std::size_t i = 0; i < p.k; ++i) {
    sum += std::abs(w[i] * x[i]);
    highest = std::max(highest, std::abs(double(x[i])));
    weights += std::abs(w[i]);
  }
  const double rounding = 1e-6 * (sum + 1e-3) + 1e-6;
  if (p.type == dtype::bf16)
    return rounding + sum * 0x1p-8;
  return is_float(p.type) ? rounding
                          : 20 * rounding + weights * highest / 127 * 0.51;
}

void check_product(const product_case& p) {
  inputs in;
  BOOST_TEST_CONTEXT(name(p.type) << " rows " << p.rows << " n " << p.n << " k "
                                  << p.k << " seed " << in.seed()) {
    const auto w = random_weights(in, p.type, p.n, p.k);
    const auto x = in.floats(p.rows * p.k);
    const auto bias = in.floats(p.n);
    std::vector<float> reference;
    on_every_path([&](backend& b, isa path) {
      const auto packed = b.pack(w.view);
      guarded y(p.rows * p.n);
      b.matmul(y.data(), *packed, x.data(), p.bias ? bias.data() : nullptr,
               p.rows);
      BOOST_TEST(y.intact());
      if (path == isa::reference) {
        reference = y.values();
        for (std::size_t r = 0; r < p.rows; ++r)
          for (std::size_t j = 0; j < p.n; ++j) {
            const double* row = w.exact.data() + j * p.k;
            double exact = p.bias ? bias[j] : 0.0;
            for (std::size_t i = 0; i < p.k; ++i)
              exact += row[i] * x[r * p.k + i];
            const double limit = tolerance(p, row, x.data() + r * p.k);
            BOOST_REQUIRE_SMALL(reference[r * p.n + j] - exact, limit);
          }
      } else {
        require_same_bits(y.values(), reference, "product");
      }
    });
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_format_matches_the_exact_product_on_every_path) {
  for (auto type : {dtype::f32, dtype::f16, dtype::bf16, dtype::q8_0,
                    dtype::q4_0, dtype::q4_k, dtype::q5_k, dtype::q6_k})
    for (std::size_t rows : {1, 2, 3, 7, 33})
      check_product({type, rows, 17, 512, rows % 2 == 1});
}

BOOST_AUTO_TEST_CASE(every_number_of_rows_is_right_on_every_path) {
  for (auto type : {dtype::f16, dtype::bf16, dtype::q8_0, dtype::q4_k})
    for (std::size_t rows = 1; rows <= 65; ++rows)
      check_product({type, rows, 1 + rows % 50, 256, rows % 2 == 1});
}

// Sums of 8 chunks that end within a block of scales.
BOOST_AUTO_TEST_CASE(chunks_may_end_anywhere_in_256_elements) {
  for (auto type : {dtype::q4_k, dtype::q5_k, dtype::q6_k})
    for (std::size_t k : {256, 768, 1280})
      check_product({type, 3, 33, k, false});
}

BOOST_AUTO_TEST_CASE(odd_sizes_are_right_on_every_path) {
  for (auto type : {dtype::f32, dtype::f16, dtype::bf16})
    for (std::size_t k : {1, 8, 31, 33, 172, 300})
      for (std::size_t n : {1, 15, 16, 17, 40})
        check_product({type, 1 + n % 6, n, k, k % 2 == 0});
  for (std::size_t k : {32, 96, 288})
    for (std::size_t n : {1, 17, 100})
      check_product({dtype::q8_0, 1 + n % 6, n, k, true});
}

BOOST_AUTO_TEST_CASE(many_rows_and_tiles_are_shared_out_whole) {
  check_product({dtype::q8_0, 200, 333, 256, false});
  check_product({dtype::f16, 130, 100, 64, true});
  check_product({dtype::bf16, 201, 77, 99, true});
}

BOOST_AUTO_TEST_CASE(products_of_the_same_inputs_are_those_of_each_alone) {
  inputs in;
  const std::size_t rows = 9;
  const auto x = in.floats(rows * 256);
  const auto bias = in.floats(50);
  const dtype types[] = {dtype::q4_k, dtype::q6_k, dtype::q4_k, dtype::q8_0,
                         dtype::q4_0, dtype::bf16, dtype::f16};
  on_every_path([&](backend& b, isa) {
    std::vector<std::unique_ptr<weight_matrix>> packed;
    std::vector<std::vector<float>> together;
    for (auto type : types) {
      packed.push_back(b.pack(random_weights(in, type, 50, 256).view));
      together.emplace_back(rows * 50);
    }
    std::vector<product> products;
    for (std::size_t i = 0; i < packed.size(); ++i)
      products.push_back({together[i].data(), packed[i].get(),
                          i % 2 == 0 ? bias.data() : nullptr});
    b.matmul(products, x.data(), rows);
    for (std::size_t i = 0; i < packed.size(); ++i) {
      std::vector<float> alone(rows * 50);
      b.matmul(alone.data(), *packed[i], x.data(), products[i].bias, rows);
      require_same_bits(together[i], alone, "product");
    }
  });
}

// Tiny products and sums, subnormal inputs, weights and results.
BOOST_AUTO_TEST_CASE(bf16_products_flush_subnormals_alike_on_every_path) {
  inputs in;
  for (int scale : {-62, -64, -70, -120}) {
    auto w = random_weights(in, dtype::bf16, 16, 64);
    for (std::size_t i = 0; i < w.bytes.size(); i += 2) {
      std::uint16_t h;
      std::memcpy(&h, w.bytes.data() + i, 2);
      const float value = std::bit_cast<float>(std::uint32_t(h) << 16);
      h = static_cast<std::uint16_t>(
          std::bit_cast<std::uint32_t>(std::ldexp(value, scale)) >> 16);
      std::memcpy(w.bytes.data() + i, &h, 2);
    }
    const auto x = in.floats(3 * 64, std::ldexp(1.0f, -126 - scale));
    std::vector<float> reference;
    on_every_path([&](backend& b, isa path) {
      std::vector<float> y(3 * 16);
      b.matmul(y.data(), *b.pack(w.view), x.data(), nullptr, 3);
      if (path == isa::reference)
        reference = y;
      require_same_bits(y, reference, "product");
    });
  }
}

BOOST_AUTO_TEST_CASE(a_row_does_not_depend_on_its_neighbours) {
  inputs in;
  for (auto type :
       {dtype::f32, dtype::bf16, dtype::q8_0, dtype::q6_k, dtype::q4_k}) {
    const auto w = random_weights(in, type, 40, 256);
    const auto x = in.floats(33 * 256);
    on_every_path([&](backend& b, isa) {
      const auto packed = b.pack(w.view);
      std::vector<float> all(33 * 40);
      b.matmul(all.data(), *packed, x.data(), nullptr, 33);
      for (std::size_t r = 0; r < 33; ++r) {
        std::vector<float> one(40);
        b.matmul(one.data(), *packed, x.data() + r * 256, nullptr, 1);
        require_same_bits(
            one, {all.begin() + long(r * 40), all.begin() + long(r * 40 + 40)},
            "row");
      }
    });
  }
}

BOOST_AUTO_TEST_CASE(a_nan_in_the_activations_reaches_the_product) {
  inputs in;
  for (auto type : {dtype::f32, dtype::bf16, dtype::q8_0, dtype::q4_k}) {
    const auto w = random_weights(in, type, 16, 256);
    for (float bad : {NAN, INFINITY}) {
      auto x = in.floats(256);
      x[100] = bad;
      on_every_path([&](backend& b, isa) {
        std::vector<float> y(16);
        b.matmul(y.data(), *b.pack(w.view), x.data(), nullptr, 1);
        BOOST_TEST(!std::isfinite(y[3]));
      });
    }
  }
}

// Of one input alone only the scale is rounded: to f16 for blocks of 32, not at
// all for blocks of 256.
BOOST_AUTO_TEST_CASE(inputs_are_rounded_as_the_format_says) {
  inputs in;
  std::vector<float> x(256);
  x[100] = in.normal();
  for (auto type : {dtype::q8_0, dtype::q4_0, dtype::q4_k, dtype::q6_k}) {
    const bool half = type == dtype::q8_0 || type == dtype::q4_0;
    const auto w = random_weights(in, type, 16, 256);
    const double seen = half ? 127.0 * nearest_f16(std::abs(x[100]) / 127.0f)
                             : std::abs(x[100]);
    on_every_path([&](backend& b, isa) {
      std::vector<float> y(16);
      b.matmul(y.data(), *b.pack(w.view), x.data(), nullptr, 1);
      for (std::size_t j = 0; j < 16; ++j) {
        double largest = 0; // of the terms that a minimum is split into
        for (std::size_t i = 0; i < 256; ++i)
          largest = std::max(largest, std::abs(w.exact[j * 256 + i]));
        const double exact =
            w.exact[j * 256 + 100] * std::copysign(seen, x[100]);
        BOOST_REQUIRE_SMALL(y[j] - exact, 2e-6 * largest * seen);
      }
    });
  }
}

BOOST_AUTO_TEST_CASE(inputs_share_a_scale_over_32_or_256) {
  inputs in;
  std::vector<float> x(256);
  x[0] = 127.0f;
  x[200] = 0.4f; // below half a step of x[0]
  for (auto type : {dtype::q8_0, dtype::q6_k}) {
    const auto w = random_weights(in, type, 16, 256);
    auto lone = x;
    lone[200] = 0.0f;
    on_every_path([&](backend& b, isa) {
      const auto packed = b.pack(w.view);
      std::vector<float> y(16), without(16);
      b.matmul(y.data(), *packed, x.data(), nullptr, 1);
      b.matmul(without.data(), *packed, lone.data(), nullptr, 1);
      BOOST_TEST((y == without) == (type == dtype::q6_k));
    });
  }
}

BOOST_AUTO_TEST_CASE(inputs_too_large_for_an_f16_scale_stay_finite) {
  inputs in;
  const auto w = random_weights(in, dtype::q8_0, 16, 32);
  std::vector<float> x(32);
  x[3] = 1e9f;
  on_every_path([&](backend& b, isa) {
    std::vector<float> y(16);
    b.matmul(y.data(), *b.pack(w.view), x.data(), nullptr, 1);
    for (std::size_t j = 0; j < 16; ++j)
      BOOST_REQUIRE_SMALL(y[j] / 1e9 - w.exact[j * 32 + 3], 1e-5);
  });
}

BOOST_AUTO_TEST_CASE(zero_activations_give_exactly_the_bias) {
  inputs in;
  const auto w = random_weights(in, dtype::q8_0, 20, 64);
  const auto bias = in.floats(20);
  const std::vector<float> x(64, 0.0f);
  on_every_path([&](backend& b, isa) {
    std::vector<float> y(20);
    b.matmul(y.data(), *b.pack(w.view), x.data(), bias.data(), 1);
    require_same_bits(y, bias, "bias");
  });
}

BOOST_AUTO_TEST_CASE(what_is_no_matrix_is_refused) {
  thread_pool pool(1);
  const auto b = make_cpu_backend(pool, isa::reference);
  const std::vector<float> data(64);
  const auto* bytes = reinterpret_cast<const std::byte*>(data.data());
  const auto says = [](const char* text) {
    return [=](const model_error& e) {
      BOOST_TEST(e.what() == text);
      return true;
    };
  };
  BOOST_CHECK_EXCEPTION(b->pack({dtype::f32, {64}, bytes}), model_error,
                        says("a tensor of 1 dimensions is not a matrix"));
  BOOST_CHECK_EXCEPTION(b->pack({dtype::i32, {8, 8}, bytes}), model_error,
                        says("a matrix of format i32 cannot be multiplied"));
  BOOST_CHECK_EXCEPTION(
      b->pack({dtype::q8_0, {1, 40}, bytes}), model_error,
      says("a row of 40 elements does not fill blocks of q8_0"));
}
