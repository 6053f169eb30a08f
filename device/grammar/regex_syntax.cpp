// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/regex_syntax.hpp"

#include "device/grammar/notation.hpp"

#include <cctype>

namespace sluice::device {

namespace {

constexpr std::size_t deepest = 200; // groups in groups

const char_set& digits() {
  static const char_set set{{'0', '9'}};
  return set;
}

const char_set& word_characters() {
  static const char_set set{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  return set;
}

const char_set& spaces() {
  static const char_set set{
      {'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
      {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
      {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  return set;
}

const char_set& line_breaks() {
  static const char_set set{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  return set;
}

class regex_parser {
public:
  regex_parser(std::string_view pattern, syntax& into)
      : in_{pattern, false}, into_{into} {}

  expression parse() {
    const auto whole = parse_choice(0);
    if (!in_.at_end())
      in_.fail("')' without '('");
    return whole;
  }

private:
  expression parse_choice(std::size_t depth) {
    if (depth > deepest)
      in_.fail("groups nest deeper than " + std::to_string(deepest)
               + " levels");
    std::vector<expression> branches;
    do {
      std::vector<expression> parts;
      while (!in_.at_end() && in_.peek() != '|' && in_.peek() != ')')
        parts.push_back(parse_repeat(depth));
      branches.push_back(into_.sequence(std::move(parts)));
    } while (in_.skip("|"));
    return into_.choice(std::move(branches));
  }

  expression parse_repeat(std::size_t depth) {
    if (in_.skip("^"))
      return into_.begin();
    if (in_.skip("$"))
      return into_.end();
    const auto part = parse_atom(depth);
    const auto at = in_.position();
    std::uint32_t min = 1;
    std::uint32_t max = 1;
    if (!parse_quantifier(min, max))
      return part;
    if (min > max)
      in_.fail_at(at, "the least number of repetitions is above the largest");
    in_.skip("?"); // lazy: the same texts match
    std::uint32_t again = 0;
    if (in_.sees("+"))
      in_.fail("possessive quantifiers are not supported");
    if (parse_quantifier(again, again))
      in_.fail("a quantifier follows a quantifier");
    return into_.repeat(part, min, max);
  }

  bool parse_quantifier(std::uint32_t& min, std::uint32_t& max) {
    if (in_.skip("*")) {
      min = 0;
      max = no_limit;
    } else if (in_.skip("+")) {
      min = 1;
      max = no_limit;
    } else if (in_.skip("?")) {
      min = 0;
      max = 1;
    } else if (in_.skip("{")) {
      parse_bounds(min, max);
    } else {
      return false;
    }
    return true;
  }

  void parse_bounds(std::uint32_t& min, std::uint32_t& max) {
    const auto low = in_.take_number();
    min = low.value_or(0);
    max = min;
    bool good = low.has_value();
    if (in_.skip(",")) {
      const auto high = in_.take_number();
      max = high.value_or(no_limit);
      good |= high.has_value();
    }
    if (!good || !in_.skip("}"))
      in_.fail("a quantifier is {m}, {m,} or {m,n}; write \\{ for the brace");
  }

  expression parse_atom(std::size_t depth) {
    const auto at = in_.position();
    switch (in_.peek()) {
    case '(':
      return parse_group(depth);
    case '[':
      return into_.chars(parse_class());
    case '.':
      in_.take();
      return into_.chars(complement(line_breaks()));
    case '*':
    case '+':
    case '?':
    case '{':
      in_.fail("there is nothing to repeat");
    case '\\': {
      in_.take();
      auto set = char_set{};
      const auto c = parse_escape(set, at);
      if (set.empty())
        set.push_back({c, c});
      return into_.chars(std::move(set));
    }
    default: {
      const auto c = in_.take();
      return into_.chars({{c, c}});
    }
    }
  }

  expression parse_group(std::size_t depth) {
    const auto at = in_.position();
    in_.skip("(");
    if (in_.skip("?") && !in_.skip(":")) {
      if (in_.sees("=") || in_.sees("!") || in_.sees("<=") || in_.sees("<!"))
        in_.fail_at(at, "look-ahead and look-behind are not supported");
      if (!in_.skip("P<") && !in_.skip("<"))
        in_.fail_at(at, "flags and special groups are not supported");
      while (in_.peek() != '>')
        in_.take();
      in_.skip(">");
    }
    const auto inside = parse_choice(depth + 1);
    if (!in_.skip(")"))
      in_.fail_at(at, "'(' is not closed");
    return inside;
  }

  // The character an escape stands for; a set of them goes to `set`.
  std::uint32_t parse_escape(char_set& set, std::size_t at) {
    const auto c = in_.take();
    switch (c) {
    case 'd':
      set = digits();
      return 0;
    case 'D':
      set = complement(digits());
      return 0;
    case 'w':
      set = word_characters();
      return 0;
    case 'W':
      set = complement(word_characters());
      return 0;
    case 's':
      set = spaces();
      return 0;
    case 'S':
      set = complement(spaces());
      return 0;
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    case 'x':
      return in_.take_hex(2);
    case 'u':
      return parse_unicode();
    case 'c':
      return in_.take() % 32;
    case '0':
      if (std::isdigit(static_cast<unsigned char>(in_.peek())) == 0)
        return 0;
      break;
    default:
      break;
    }
    const bool letter = c < 128 && std::isalnum(static_cast<int>(c)) != 0;
    if (letter)
      in_.fail_at(at, refused_escape(c));
    return c;
  }

  static std::string refused_escape(std::uint32_t c) {
    if (c >= '0' && c <= '9')
      return "back references are not supported";
    if (c == 'b' || c == 'B')
      return "word boundaries are not supported";
    if (c == 'p' || c == 'P')
      return "character properties are not supported";
    return std::string{"there is no escape \\"} + static_cast<char>(c);
  }

  std::uint32_t parse_unicode() {
    if (!in_.skip("{")) {
      const auto high = in_.take_hex(4);
      // Two escapes may spell one character.
      if (high >= 0xD800 && high < 0xDC00 && in_.skip("\\u")) {
        const auto low = in_.take_hex(4);
        return 0x10000 + ((high - 0xD800) << 10) + ((low - 0xDC00) & 0x3FF);
      }
      return high;
    }
    std::uint32_t value = 0;
    std::size_t count = 0;
    for (; in_.peek() != '}'; ++count)
      value = value << 4 | in_.take_hex(1);
    in_.skip("}");
    if (count == 0 || count > 6 || value > last_character)
      in_.fail("there is no such character");
    return value;
  }

  char_set parse_class() {
    const auto at = in_.position();
    in_.skip("[");
    const bool negated = in_.skip("^");
    char_set out;
    while (!in_.skip("]")) {
      if (in_.at_end())
        in_.fail_at(at, "'[' is not closed");
      add_range(out);
    }
    return negated ? complement(std::move(out)) : out;
  }

  void add_range(char_set& out) {
    const auto at = in_.position();
    char_set set;
    const auto low = class_character(set);
    if (!set.empty()) {
      out.insert(out.end(), set.begin(), set.end());
      return;
    }
    if (!in_.sees("-") || in_.sees("-]")) {
      out.push_back({low, low});
      return;
    }
    in_.skip("-");
    const auto high = class_character(set);
    if (!set.empty() || high < low)
      in_.fail_at(at, "the range runs backwards");
    out.push_back({low, high});
  }

  std::uint32_t class_character(char_set& set) {
    const auto at = in_.position();
    const auto c = in_.take();
    if (c != '\\')
      return c;
    if (in_.skip("b"))
      return '\b';
    return parse_escape(set, at);
  }

  notation in_;
  syntax& into_;
};

} // namespace

expression parse_regex(std::string_view pattern, syntax& into) {
  return regex_parser{pattern, into}.parse();
}

machine regex_machine(std::string_view pattern, regex_use use,
                      work_budget& budget) {
  syntax own;
  auto whole = parse_regex(pattern, own);
  if (use == regex_use::search) {
    const auto any = own.repeat(own.chars({{0, last_character}}), 0, no_limit);
    whole = own.sequence({any, whole, any});
  }
  return draw_machine(own, whole, budget);
}

} // namespace sluice::device
