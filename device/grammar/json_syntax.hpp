// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// JSON itself as rules: values, strings, numbers, and the white space that an
// answer may have. White space is bounded (nothing, one blank, or a line break
// with up to 16 blanks or tabs), so that no answer ends in endless blanks.
// Used by the JSON Schema front end; knows no schema.
#pragma once

#include "device/grammar/syntax.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Digits that a number without bounds may have: JavaScript reads them exactly.
inline constexpr std::uint32_t most_digits = 15;

class json_syntax {
public:
  explicit json_syntax(syntax& into) : into_{into} {}

  expression space();  ///< between brackets, commas and values
  expression value();  ///< any
  expression object(); ///< any
  expression array();  ///< any
  expression string(); ///< any
  expression number(); ///< any of most_digits digits
  expression integer();
  expression boolean();
  expression null() { return into_.text("null"); }

  /// A string of `min` to `max` characters, in any spelling.
  expression string_of(std::uint32_t min, std::uint32_t max);
  /// A string whose content, as UTF-8, `content` matches.
  expression string_with(const machine& content, work_budget& budget);
  /// Exactly this value; members in this order.
  expression constant(const boost::json::value& value);

  /// `"key": value`, each key spelled as JSON.
  expression member(expression key, expression value);
  expression key(std::string_view text);
  /// The members in this order, those not required may be left out.
  expression object_of(std::vector<expression> members,
                       std::vector<bool> required);
  /// `first` in a row, then `min` to `max` of `rest`. Of `first`, at least
  /// `least` are there.
  expression array_of(const std::vector<expression>& first, std::uint32_t least,
                      std::optional<expression> rest, std::uint32_t min,
                      std::uint32_t max);
  expression comma();

private:
  expression character(); ///< of a string, in any spelling

  syntax& into_;
  std::optional<expression> space_;
  std::optional<expression> value_;
  std::optional<expression> object_;
  std::optional<expression> array_;
  std::optional<expression> string_;
  std::optional<expression> number_;
  std::optional<expression> integer_;
  std::optional<expression> character_;
};

/// The machine of the strings, in JSON's spelling and without quotes, whose
/// content `content` matches: control characters, quotes and backslashes become
/// escapes.
machine spell_as_json(const machine& content, work_budget& budget);

/// Bounds of a number, as decimal texts; empty: none.
struct number_bounds {
  std::string least;
  std::string most;
  bool above = false; ///< `least` itself is out
  bool below = false; ///< `most` itself is out
};

/// Numbers within bounds, with up to `fraction` digits after the point and no
/// exponent. The bounds are plain decimals of at most 15 digits.
machine number_machine(const number_bounds& bounds, std::uint32_t fraction,
                       work_budget& budget);

/// Whole numbers that `divisor` divides; divisor >= 1.
machine multiples_machine(std::uint32_t divisor, work_budget& budget);

} // namespace sluice::device
