// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Numbers within bounds, compared digit by digit.
#include "device/grammar/json_syntax.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::device {

namespace {

// A decimal without sign: digits before the point, and after it without
// trailing zeros.
struct decimal {
  std::string whole = "0";
  std::string fraction = {};
};

struct signed_decimal {
  decimal size;
  bool negative = false;
  bool is_zero() const { return size.whole == "0" && size.fraction.empty(); }
};

signed_decimal read(std::string_view text) {
  signed_decimal out;
  out.negative = text.starts_with('-');
  text.remove_prefix(out.negative ? 1 : 0);
  const auto point = text.find('.');
  out.size.whole = text.substr(0, point);
  if (point != std::string_view::npos)
    out.size.fraction = text.substr(point + 1);
  auto& fraction = out.size.fraction;
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return out;
}

// Decimals without sign on one side of a bound.
class magnitudes {
public:
  explicit magnitudes(std::uint32_t fraction) : digits_{fraction} {}

  machine at_most(const decimal& bound, bool strictly, work_budget& budget) {
    const auto& whole = bound.whole;
    std::vector<expression> branches;
    for (std::size_t size = 1; size < whole.size(); ++size)
      branches.push_back(own_.sequence({whole_of(size), any_fraction()}));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const char lowest = i == 0 && whole.size() > 1 ? '1' : '0';
      if (whole[i] > lowest)
        branches.push_back(
            differing(whole, i, lowest, static_cast<char>(whole[i] - 1)));
    }
    branches.push_back(own_.sequence(
        {own_.text(whole), fraction_at_most(bound.fraction, strictly)}));
    return draw_machine(own_, own_.choice(std::move(branches)), budget);
  }

  machine at_least(const decimal& bound, bool strictly, work_budget& budget) {
    const auto& whole = bound.whole;
    std::vector<expression> branches;
    for (std::size_t size = whole.size() + 1; size <= most_digits; ++size)
      branches.push_back(own_.sequence({whole_of(size), any_fraction()}));
    for (std::size_t i = 0; i < whole.size(); ++i)
      if (whole[i] < '9')
        branches.push_back(
            differing(whole, i, static_cast<char>(whole[i] + 1), '9'));
    branches.push_back(own_.sequence(
        {own_.text(whole), fraction_at_least(bound.fraction, strictly)}));
    return draw_machine(own_, own_.choice(std::move(branches)), budget);
  }

private:
  expression digit(char low = '0', char high = '9') {
    return own_.chars(
        {{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high)}});
  }
  expression digits(std::size_t min, std::size_t max) {
    return own_.repeat(digit(), static_cast<std::uint32_t>(min),
                       static_cast<std::uint32_t>(max));
  }
  expression whole_of(std::size_t size) {
    return size == 1 ? digit()
                     : own_.sequence({digit('1'), digits(size - 1, size - 1)});
  }
  expression any_fraction() {
    if (digits_ == 0)
      return own_.empty();
    return own_.optional(own_.sequence({own_.text("."), digits(1, digits_)}));
  }

  // The first `same` digits, another one, and whatever follows.
  expression differing(const std::string& whole, std::size_t same, char low,
                       char high) {
    const auto left = whole.size() - same - 1;
    return own_.sequence({own_.text(whole.substr(0, same)), digit(low, high),
                          digits(left, left), any_fraction()});
  }

  // "." with `same` digits of `bound`, another one, and whatever follows.
  expression differing_fraction(const std::string& bound, std::size_t same,
                                char low, char high) {
    return own_.sequence({own_.text("." + bound.substr(0, same)),
                          digit(low, high), digits(0, digits_ - same - 1)});
  }

  expression fraction_at_most(const std::string& bound, bool strictly) {
    std::vector<expression> branches;
    if (!bound.empty() || !strictly)
      branches.push_back(own_.empty());
    const auto compared = std::min<std::size_t>(bound.size(), digits_);
    for (std::size_t i = 0; i < compared; ++i) {
      if (bound[i] > '0')
        branches.push_back(
            differing_fraction(bound, i, '0', static_cast<char>(bound[i] - 1)));
      if (i > 0)
        branches.push_back(own_.text("." + bound.substr(0, i)));
    }
    if (compared < bound.size() && compared > 0)
      branches.push_back(own_.text("." + bound.substr(0, compared)));
    if (compared == bound.size() && !strictly && digits_ > 0)
      branches.push_back(own_.sequence(
          {own_.text("." + bound),
           zeros(bound.empty() ? 1 : 0, digits_ - bound.size())}));
    return own_.choice(std::move(branches));
  }

  expression fraction_at_least(const std::string& bound, bool strictly) {
    std::vector<expression> branches{own_.nothing()};
    if (bound.empty() && !strictly)
      branches.push_back(own_.empty());
    const auto compared = std::min<std::size_t>(bound.size(), digits_);
    for (std::size_t i = 0; i < compared; ++i)
      if (bound[i] < '9')
        branches.push_back(
            differing_fraction(bound, i, static_cast<char>(bound[i] + 1), '9'));
    if (compared < bound.size() || digits_ == 0)
      return own_.choice(std::move(branches));
    const auto left = digits_ - bound.size();
    if (!strictly)
      branches.push_back(own_.sequence(
          {own_.text("." + bound), digits(bound.empty() ? 1 : 0, left)}));
    else
      for (std::size_t i = 0; i < left; ++i)
        branches.push_back(
            own_.sequence({own_.text("." + bound + std::string(i, '0')),
                           digit('1'), digits(0, left - i - 1)}));
    return own_.choice(std::move(branches));
  }

  expression zeros(std::size_t min, std::size_t max) {
    return own_.repeat(own_.text("0"), static_cast<std::uint32_t>(min),
                       static_cast<std::uint32_t>(max));
  }

  syntax own_;
  std::uint32_t digits_; // after the point
};

const decimal zero{};

} // namespace

machine number_machine(const number_bounds& bounds, std::uint32_t fraction,
                       work_budget& budget) {
  const auto least = read(bounds.least.empty() ? "0" : bounds.least);
  const auto most = read(bounds.most.empty() ? "0" : bounds.most);
  const bool has_least = !bounds.least.empty();
  const bool has_most = !bounds.most.empty();
  magnitudes sizes{fraction};
  const auto between = [&](const decimal& low, bool above, const decimal* high,
                           bool below) {
    const auto from = sizes.at_least(low, above, budget);
    return high == nullptr
               ? from
               : intersect(from, sizes.at_most(*high, below, budget), budget);
  };
  syntax own;
  std::vector<expression> signs{own.nothing()};
  if (!has_most || !(most.negative || (most.is_zero() && bounds.below))) {
    const bool from_bound = has_least && !least.negative;
    signs.push_back(own.embed(
        between(from_bound ? least.size : zero, from_bound && bounds.above,
                has_most ? &most.size : nullptr, bounds.below)));
  }
  if (!has_least || (least.negative && !least.is_zero())) {
    // Without "-0": zero has one spelling.
    const bool from_bound = has_most && most.negative && !most.is_zero();
    signs.push_back(own.sequence(
        {own.text("-"),
         own.embed(between(from_bound ? most.size : zero,
                           from_bound ? bounds.below : true,
                           has_least ? &least.size : nullptr, bounds.above))}));
  }
  return draw_machine(own, own.choice(std::move(signs)), budget);
}

machine multiples_machine(std::uint32_t divisor, work_budget& budget) {
  assert(divisor >= 1);
  // States: 0 start, 1 after the sign, 2 a lone zero, 3 + remainder.
  budget.states(divisor + 3);
  machine out;
  out.states.resize(divisor + 3);
  const auto after = [&](std::uint64_t remainder, unsigned digit) {
    return static_cast<std::uint32_t>(3 + (remainder * 10 + digit) % divisor);
  };
  const auto add = [&](std::uint32_t from, unsigned digit, std::uint32_t to) {
    const auto byte = static_cast<std::uint8_t>('0' + digit);
    out.states[from].bytes.push_back({byte, byte, to});
  };
  out.states[0].bytes.push_back({'-', '-', 1});
  for (const std::uint32_t first : {0u, 1u}) {
    add(first, 0, 2);
    for (unsigned digit = 1; digit < 10; ++digit)
      add(first, digit, after(0, digit));
  }
  out.states[2].accepting = true;
  for (std::uint32_t remainder = 0; remainder < divisor; ++remainder)
    for (unsigned digit = 0; digit < 10; ++digit)
      add(3 + remainder, digit, after(remainder, digit));
  out.states[3].accepting = true;
  return out;
}

} // namespace sluice::device
