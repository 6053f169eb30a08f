// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the kernel tests share: fresh random inputs, guarded outputs, weights of
// every format with their exact values, and the paths this machine can run.
#pragma once

#include "device/cpu/cpu_backend.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace sluice::device::tests {

/// The random source of a test; its seed is new in every run and printed when
/// a check fails.
class inputs {
public:
  inputs() : seed_(std::random_device{}()), engine_(seed_) {}
  std::uint32_t seed() const { return seed_; }
  float normal() { return normal_(engine_); }
  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>(engine_() % n);
  }
  std::vector<float> floats(std::size_t n, float scale = 1.0f) {
    std::vector<float> v(n);
    for (auto& x : v)
      x = scale * normal();
    return v;
  }

private:
  std::uint32_t seed_;
  std::mt19937 engine_;
  std::normal_distribution<float> normal_;
};

/// The nearest f16 to x, ties to even.
float nearest_f16(float x);

/// Output memory with values around it that no kernel may change.
class guarded {
public:
  explicit guarded(std::size_t n) : values_(n + 2 * margin, mark), n_(n) {}
  explicit guarded(const std::vector<float>& v) : guarded(v.size()) {
    std::copy(v.begin(), v.end(), values_.begin() + margin);
  }
  float* data() { return values_.data() + margin; }
  std::vector<float> values() const {
    return {values_.begin() + margin, values_.begin() + margin + long(n_)};
  }
  bool intact() const {
    for (std::size_t i = 0; i < margin; ++i)
      if (values_[i] != mark || values_[margin + n_ + i] != mark)
        return false;
    return true;
  }

private:
  static constexpr long margin = 32;
  static constexpr float mark = 12345.678f;
  std::vector<float> values_;
  std::size_t n_;
};

/// A weight matrix in file format and its exact values.
struct sample_weights {
  std::vector<std::byte> bytes;
  tensor_view view;
  std::vector<double> exact; ///< [n, k]
};

/// Random weights of any format that can be multiplied.
sample_weights random_weights(inputs& in, dtype type, std::size_t n,
                              std::size_t k);

/// Runs `f` once per path of this machine; says which are missing.
void on_every_path(const std::function<void(backend&, isa)>& f);

/// Fails with the first index whose bits differ.
void require_same_bits(const std::vector<float>& got,
                       const std::vector<float>& want, const std::string& what);

} // namespace sluice::device::tests
