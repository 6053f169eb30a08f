// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Fills every field that a message's `inspect` shows with something that is not
// its default: a codec that forgets a field is found out, also one that is
// added later.
#pragma once

#include "actors/link/codec.hpp"

#include <caf/meta/annotation.hpp>

#include <concepts>
#include <random>

namespace sluice::tests {

class random_filler {
public:
  // How inspectors of CAF 0.17 declare their direction.
  using result_type = void;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  explicit random_filler(std::uint64_t seed) : random_{seed} {}

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (fill(fields), ...);
  }

private:
  std::uint64_t draw(std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>{1, most}(random_);
  }

  template <class T>
  requires caf::meta::is_annotation<T>::value void fill(T&) {}

  void fill(bool& x) { x = !x; }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void fill(T& x) {
    x = static_cast<T>(draw(100));
  }
  template <std::floating_point T>
  void fill(T& x) {
    x = static_cast<T>(draw(1000)) / 8;
  }
  template <class T>
  requires std::is_enum_v<T>
  void fill(T& x) { x = static_cast<T>(1); } // all have two values or more
  void fill(std::string& x) {
    x.resize(draw(12));
    for (auto& c : x)
      c = static_cast<char>(draw(127));
  }
  void fill(actors::instant& x) {
    x = actors::instant{std::chrono::nanoseconds{draw(1u << 30)}};
  }
  template <class A, class B>
  void fill(std::pair<A, B>& x) {
    fill(x.first);
    fill(x.second);
  }
  template <class T, std::size_t N>
  void fill(std::array<T, N>& x) {
    for (auto& one : x)
      fill(one);
  }
  template <class T>
  void fill(std::vector<T>& x) {
    x.resize(draw(4));
    for (auto& one : x)
      fill(one);
  }
  template <class T>
  requires requires(random_filler& f, T& x) { inspect(f, x); }
  void fill(T& x) { inspect(*this, x); }

  std::mt19937_64 random_;
};

} // namespace sluice::tests
