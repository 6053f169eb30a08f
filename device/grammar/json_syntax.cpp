// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/json_syntax.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <string>

namespace sluice::device {

namespace json = boost::json;

namespace {

constexpr std::uint32_t most_blanks = 16;   // after a line break
constexpr std::uint32_t most_fraction = 24; // digits; the longest of a double

// Characters that a string may hold as they are.
char_set plain_characters() {
  return {{' ', '!'}, {'#', '['}, {']', last_character}};
}

// The shortest text that reads as the same value.
std::string scalar_text(const json::value& value) {
  if (!value.is_double())
    return json::serialize(value);
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value.get_double());
  return {text, end.ptr};
}

char_set hex_digits() {
  return {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
}

} // namespace

expression json_syntax::space() {
  if (!space_) {
    const auto blank = into_.chars({{'\t', '\t'}, {' ', ' '}});
    const auto line =
        into_.sequence({into_.text("\n"), into_.repeat(blank, 0, most_blanks)});
    space_ = into_.call_of(
        "space", into_.choice({into_.empty(), into_.text(" "), line}));
  }
  return *space_;
}

expression json_syntax::comma() {
  return into_.sequence({into_.text(","), space()});
}

expression json_syntax::character() {
  if (!character_) {
    const auto hex = into_.chars(hex_digits());
    const auto d = into_.chars({{'D', 'D'}, {'d', 'd'}});
    const auto escape = [&](char_set second) {
      return into_.sequence(
          {into_.text("\\u"), d, into_.chars(std::move(second)), hex, hex});
    };
    const auto others = into_.chars(
        {{'0', '9'}, {'A', 'C'}, {'E', 'F'}, {'a', 'c'}, {'e', 'f'}});
    character_ = into_.choice(
        {into_.chars(plain_characters()),
         into_.sequence({into_.text("\\"), into_.chars({{'"', '"'},
                                                        {'/', '/'},
                                                        {'\\', '\\'},
                                                        {'b', 'b'},
                                                        {'f', 'f'},
                                                        {'n', 'n'},
                                                        {'r', 'r'},
                                                        {'t', 't'}})}),
         into_.sequence({into_.text("\\u"), others, hex, hex, hex}),
         escape({{'0', '7'}}),
         // Two escapes that are one character.
         into_.sequence({escape({{'8', '9'}, {'A', 'B'}, {'a', 'b'}}),
                         escape({{'C', 'F'}, {'c', 'f'}})})});
  }
  return *character_;
}

expression json_syntax::string() {
  if (!string_)
    string_ = into_.call_of("string", string_of(0, no_limit));
  return *string_;
}

expression json_syntax::string_of(std::uint32_t min, std::uint32_t max) {
  const auto quote = into_.text("\"");
  return into_.sequence({quote, into_.repeat(character(), min, max), quote});
}

expression json_syntax::string_with(const machine& content,
                                    work_budget& budget) {
  const auto quote = into_.text("\"");
  return into_.sequence(
      {quote, into_.embed(spell_as_json(content, budget)), quote});
}

expression json_syntax::integer() {
  if (!integer_) {
    const auto digit = into_.chars({{'0', '9'}});
    const auto whole = into_.sequence(
        {into_.chars({{'1', '9'}}), into_.repeat(digit, 0, most_digits - 1)});
    integer_ = into_.call_of(
        "integer", into_.sequence({into_.optional(into_.text("-")),
                                   into_.choice({into_.text("0"), whole})}));
  }
  return *integer_;
}

expression json_syntax::number() {
  if (!number_) {
    const auto digit = into_.chars({{'0', '9'}});
    const auto fraction = into_.sequence(
        {into_.text("."), into_.repeat(digit, 1, most_fraction)});
    const auto exponent =
        into_.sequence({into_.chars({{'E', 'E'}, {'e', 'e'}}),
                        into_.optional(into_.chars({{'+', '+'}, {'-', '-'}})),
                        into_.repeat(digit, 1, 2)});
    number_ = into_.call_of("number",
                            into_.sequence({integer(), into_.optional(fraction),
                                            into_.optional(exponent)}));
  }
  return *number_;
}

expression json_syntax::boolean() {
  return into_.choice({into_.text("true"), into_.text("false")});
}

expression json_syntax::value() {
  if (!value_) {
    const auto rule = into_.declare("value");
    value_ = into_.call(rule);
    into_.define(rule, into_.choice({object(), array(), string(), number(),
                                     boolean(), null()}));
  }
  return *value_;
}

expression json_syntax::object() {
  if (!object_) {
    const auto rule = into_.declare("object");
    object_ = into_.call(rule);
    const auto one = member(string(), value());
    const auto more = into_.repeat(into_.sequence({comma(), one}), 0, no_limit);
    into_.define(
        rule,
        into_.sequence({into_.text("{"), space(),
                        into_.optional(into_.sequence({one, more, space()})),
                        into_.text("}")}));
  }
  return *object_;
}

expression json_syntax::array() {
  if (!array_) {
    const auto rule = into_.declare("array");
    array_ = into_.call(rule);
    into_.define(rule, array_of({}, 0, value(), 0, no_limit));
  }
  return *array_;
}

expression json_syntax::key(std::string_view text) {
  return into_.text(json::serialize(json::string{text}));
}

expression json_syntax::member(expression key, expression value) {
  return into_.sequence(
      {key, into_.text(":"), into_.optional(into_.text(" ")), value});
}

expression json_syntax::object_of(std::vector<expression> members,
                                  std::vector<bool> required) {
  // The space before the closing bracket comes with the space after the
  // opening one where there is no member: one of both is enough.
  return into_.sequence(
      {into_.text("{"), space(),
       into_.list(std::move(members), std::move(required), comma()), space(),
       into_.text("}")});
}

expression json_syntax::array_of(const std::vector<expression>& first,
                                 std::uint32_t least,
                                 std::optional<expression> rest,
                                 std::uint32_t min, std::uint32_t max) {
  expression tail = into_.empty();
  if (rest && max > 0) {
    const auto more = into_.sequence({comma(), *rest});
    const auto left = max == no_limit ? no_limit : max - 1;
    if (first.empty()) {
      tail = into_.sequence(
          {*rest, into_.repeat(more, min > 0 ? min - 1 : 0, left)});
      if (min == 0)
        tail = into_.optional(tail);
    } else {
      tail = into_.repeat(more, min, max);
    }
  } else if (min > 0) {
    tail = into_.nothing();
  }
  for (auto i = first.size(); i-- > 0;) {
    std::vector<expression> parts;
    if (i > 0)
      parts.push_back(comma());
    parts.push_back(first[i]);
    parts.push_back(tail);
    tail = into_.sequence(std::move(parts));
    if (i >= least)
      tail = into_.optional(tail);
  }
  return into_.sequence(
      {into_.text("["), space(), tail, space(), into_.text("]")});
}

expression json_syntax::constant(const json::value& value) {
  if (value.is_object()) {
    std::vector<expression> members;
    for (const auto& [name, inner] : value.get_object())
      members.push_back(member(key(name), constant(inner)));
    std::vector<bool> required(members.size(), true);
    return object_of(std::move(members), std::move(required));
  }
  if (value.is_array()) {
    std::vector<expression> elements;
    for (const auto& inner : value.get_array())
      elements.push_back(constant(inner));
    const auto count = static_cast<std::uint32_t>(elements.size());
    return array_of(elements, count, std::nullopt, 0, 0);
  }
  return into_.text(scalar_text(value));
}

} // namespace sluice::device
