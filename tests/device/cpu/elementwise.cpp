// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "tests/device/cpu/cases.hpp"

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

/// Runs an operation that fills or changes `start` on every path; checks the
/// reference against `exact` and the others against the reference.
void check_operation(const std::vector<float>& start,
                     const std::vector<double>& exact, double tolerance,
                     const std::function<void(backend&, float*)>& operation) {
  std::vector<float> reference;
  on_every_path([&](backend& b, isa path) {
    guarded y(start);
    operation(b, y.data());
    BOOST_TEST(y.intact());
    if (path == isa::reference) {
      reference = y.values();
      for (std::size_t i = 0; i < exact.size(); ++i)
        BOOST_REQUIRE_SMALL(reference[i] - exact[i],
                            tolerance * (1.0 + std::abs(exact[i])));
    }
    require_same_bits(y.values(), reference, "value");
  });
}

constexpr std::size_t odd_sizes[] = {1, 15, 16, 17, 172, 20000};

} // namespace

BOOST_AUTO_TEST_CASE(rms_norm_scales_rows_to_unit_mean_square) {
  inputs in;
  for (std::size_t n : {1, 8, 17, 64, 172, 2048})
    for (std::size_t rows : {1, 2, 33}) {
      const auto x = in.floats(rows * n, 3.0f);
      const auto w = in.floats(n);
      std::vector<double> exact;
      for (std::size_t r = 0; r < rows; ++r) {
        double squares = 0;
        for (std::size_t i = 0; i < n; ++i)
          squares += double(x[r * n + i]) * x[r * n + i];
        for (std::size_t i = 0; i < n; ++i)
          exact.push_back(x[r * n + i] / std::sqrt(squares / n + 1e-5) * w[i]);
      }
      check_operation(std::vector<float>(rows * n), exact, 1e-6,
                      [&](backend& b, float* y) {
                        b.rms_norm(y, x.data(), w.data(), 1e-5f, rows, n);
                      });
      check_operation(x, exact, 1e-6, [&](backend& b, float* y) { // in place
        b.rms_norm(y, y, w.data(), 1e-5f, rows, n);
      });
    }
}

BOOST_AUTO_TEST_CASE(gates_follow_their_formulas) {
  inputs in;
  for (std::size_t n : odd_sizes)
    for (auto act : {activation::silu, activation::gelu_tanh}) {
      const auto gate = in.floats(n, 4.0f);
      const auto up = in.floats(n);
      std::vector<double> exact;
      for (std::size_t i = 0; i < n; ++i) {
        const double g = gate[i];
        const double u = 0.7978845608028654 * (g + 0.044715 * g * g * g);
        exact.push_back(up[i]
                        * (act == activation::silu
                               ? g / (1 + std::exp(-g))
                               : 0.5 * g * (1 + std::tanh(u))));
      }
      check_operation(std::vector<float>(n), exact, 2e-6,
                      [&](backend& b, float* y) {
                        b.gated(y, gate.data(), up.data(), act, n);
                      });
    }
}

BOOST_AUTO_TEST_CASE(gates_stay_finite_at_the_ends_and_keep_nan) {
  const std::vector<float> gate{-1e4f, -100, -88, -87, -0.0f, 88, 100, 1e4f};
  const std::vector<float> one(8, 1.0f);
  for (auto act : {activation::silu, activation::gelu_tanh})
    check_operation(std::vector<float>(8), {0, 0, 0, 0, 0, 88, 100, 1e4}, 1e-6,
                    [&](backend& b, float* y) {
                      b.gated(y, gate.data(), one.data(), act, 8);
                    });
  on_every_path([&](backend& b, isa) {
    const float bad = NAN;
    float y = 0;
    b.gated(&y, &bad, one.data(), activation::silu, 1);
    BOOST_TEST(std::isnan(y));
  });
}

BOOST_AUTO_TEST_CASE(add_and_softcap_change_each_element) {
  inputs in;
  for (std::size_t n : odd_sizes) {
    const auto x = in.floats(n, 40.0f);
    const auto y = in.floats(n);
    std::vector<double> sum;
    std::vector<double> capped;
    for (std::size_t i = 0; i < n; ++i) {
      sum.push_back(double(x[i]) + y[i]);
      capped.push_back(30 * std::tanh(x[i] / 30.0));
    }
    check_operation(x, sum, 1e-6,
                    [&](backend& b, float* z) { b.add(z, y.data(), n); });
    check_operation(x, capped, 5e-6,
                    [&](backend& b, float* z) { b.softcap(z, 30.0f, n); });
  }
}

BOOST_AUTO_TEST_CASE(rows_are_gathered_and_scattered) {
  inputs in;
  const std::size_t n = 37;
  const auto x = in.floats(5 * n);
  const auto y = in.floats(3 * n);
  const std::vector<std::uint32_t> rows{4, 1, 4};
  const std::vector<float> weights{0.5f, -2.0f, 3.0f};
  std::vector<double> gathered;
  std::vector<double> scattered(x.begin(), x.end());
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t i = 0; i < n; ++i) {
      gathered.push_back(x[rows[r] * n + i]);
      scattered[rows[r] * n + i] += double(weights[r]) * y[r * n + i];
    }
  check_operation(
      std::vector<float>(3 * n), gathered, 1e-30,
      [&](backend& b, float* out) { b.gather_rows(out, x.data(), rows, n); });
  check_operation(x, scattered, 1e-6, [&](backend& b, float* out) {
    b.scatter_add_rows(out, y.data(), rows, weights, n);
  });
}

BOOST_AUTO_TEST_CASE(rope_turns_each_pair_by_its_angle) {
  inputs in;
  const std::size_t heads = 3;
  const std::size_t d = 24;
  const std::vector<std::uint32_t> positions{0, 1, 7, 1000, 31};
  for (auto pairs : {rope_pairs::halves, rope_pairs::adjacent})
    for (std::uint32_t dimensions : {24u, 16u, 2u})
      for (bool scaled : {false, true}) {
        rope_config c{10000.0f, dimensions, pairs, {}, scaled ? 1.19f : 1.0f};
        for (std::uint32_t i = 0; scaled && i < dimensions / 2; ++i)
          c.frequency_factors.push_back(1.0f / float(i + 1));
        const auto x = in.floats(positions.size() * heads * d);
        std::vector<double> exact(x.begin(), x.end());
        for (std::size_t r = 0; r < positions.size() * heads; ++r)
          for (std::uint32_t i = 0; i < dimensions / 2; ++i) {
            const bool halves = pairs == rope_pairs::halves;
            double& a = exact[r * d + (halves ? i : 2 * i)];
            double& b =
                exact[r * d + (halves ? i + dimensions / 2 : 2 * i + 1)];
            double angle =
                positions[r / heads] * std::pow(10000.0, -2.0 * i / dimensions);
            angle *= scaled ? double(c.frequency_factors[i]) : 1.0;
            const double m = c.attention_factor;
            const double y = a * std::cos(angle) - b * std::sin(angle);
            b = (a * std::sin(angle) + b * std::cos(angle)) * m;
            a = y * m;
          }
        check_operation(x, exact, 1e-6, [&](backend& b, float* z) {
          b.rope(z, c, positions, heads, d);
        });
      }
}

BOOST_AUTO_TEST_CASE(wrong_rope_settings_are_refused) {
  thread_pool pool(1);
  const auto b = make_cpu_backend(pool);
  std::vector<float> x(8);
  const std::vector<std::uint32_t> positions{0};
  const auto refuses = [&](rope_config c, const char* text) {
    BOOST_CHECK_EXCEPTION(b->rope(x.data(), c, positions, 1, 8), model_error,
                          [&](const model_error& e) {
                            BOOST_TEST(e.what() == text);
                            return true;
                          });
  };
  refuses({10000.0f, 7, {}, {}, 1.0f},
          "rope turns 7 dimensions, which is not even");
  refuses({10000.0f, 8, {}, {1.0f}, 1.0f},
          "rope has 1 frequency factors for 4 pairs");
}

BOOST_AUTO_TEST_CASE(embedding_scales_the_rows_of_its_ids) {
  inputs in;
  const auto table = random_weights(in, dtype::f32, 10, 24);
  const std::vector<std::int32_t> ids{9, 0, 3, 3};
  std::vector<double> exact;
  for (auto id : ids)
    for (int i = 0; i < 24; ++i)
      exact.push_back(2.5 * table.exact[std::size_t(id) * 24 + i]);
  check_operation(
      std::vector<float>(4 * 24), exact, 1e-6,
      [&](backend& b, float* y) { b.embed(y, table.view, ids, 2.5f); });
}

BOOST_AUTO_TEST_CASE(tokens_outside_the_vocabulary_are_refused) {
  inputs in;
  thread_pool pool(1);
  const auto b = make_cpu_backend(pool);
  const auto table = random_weights(in, dtype::f32, 10, 8);
  std::vector<float> y(8);
  for (std::int32_t id : {-1, 10})
    BOOST_CHECK_EXCEPTION(b->embed(y.data(), table.view, std::vector{id}, 1.0f),
                          model_error, [&](const model_error& e) {
                            BOOST_TEST(
                                e.what()
                                == "token " + std::to_string(id)
                                       + " is outside the vocabulary of 10");
                            return true;
                          });
}
