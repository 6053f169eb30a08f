// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/gbnf.hpp"

#include "device/grammar/notation.hpp"

#include <map>
#include <string>

namespace sluice::device {

namespace {

constexpr std::size_t deepest = 200; // groups in groups
constexpr std::size_t most_rules = 2000;
constexpr std::size_t most_repeats = 8; // of one item

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class gbnf_parser {
public:
  gbnf_parser(std::string_view text, syntax& into)
      : in_{text, true}, into_{into} {}

  rule_id parse() {
    skip_space(true);
    while (!in_.at_end())
      parse_rule();
    for (const auto& [name, seen] : rules_)
      if (!into_.rules()[seen.rule].defined)
        in_.fail_at(seen.position, "rule '" + name + "' is not defined");
    const auto root = rules_.find("root");
    if (root == rules_.end())
      throw model_error("there is no rule 'root'");
    return root->second.rule;
  }

private:
  struct seen_rule {
    rule_id rule;
    std::size_t position; // of its first mention
  };

  // Blanks and comments; line breaks too where the text may go on.
  void skip_space(bool lines) {
    for (;;) {
      if (in_.sees("#"))
        while (!in_.at_end() && in_.peek() != '\n')
          in_.take();
      else if (!in_.skip(" ") && !in_.skip("\t")
               && !(lines && (in_.skip("\n") || in_.skip("\r"))))
        return;
    }
  }

  std::string take_name() {
    std::string name;
    while (is_name_character(in_.peek()))
      name.push_back(static_cast<char>(in_.take()));
    if (name.empty())
      in_.fail("a rule's name is expected");
    return name;
  }

  rule_id rule_of(const std::string& name, std::size_t position) {
    if (rules_.size() >= most_rules)
      in_.fail_at(position, "there are more than " + std::to_string(most_rules)
                                + " rules");
    const auto at = rules_.find(name);
    if (at != rules_.end())
      return at->second.rule;
    const auto rule = into_.declare(name);
    rules_.emplace(name, seen_rule{rule, position});
    return rule;
  }

  void parse_rule() {
    const auto at = in_.position();
    const auto name = take_name();
    const auto rule = rule_of(name, at);
    if (into_.rules()[rule].defined)
      in_.fail_at(at, "rule '" + name + "' is defined twice");
    skip_space(false);
    if (!in_.skip("::="))
      in_.fail("'::=' is expected");
    skip_space(true);
    into_.define(rule, parse_choice(0));
    if (in_.at_end())
      return;
    if (in_.peek() != '\n' && in_.peek() != '\r')
      in_.fail(in_.peek() == ')' ? "')' without '('"
                                 : "the end of the rule is expected");
    skip_space(true);
  }

  expression parse_choice(std::size_t depth) {
    if (depth > deepest)
      in_.fail("groups nest deeper than " + std::to_string(deepest)
               + " levels");
    std::vector<expression> branches{parse_sequence(depth)};
    for (;;) {
      // A branch may begin on the next line.
      const auto at = in_.position();
      skip_space(true);
      if (!in_.skip("|")) {
        if (depth == 0)
          in_.rewind(at);
        break;
      }
      skip_space(true);
      branches.push_back(parse_sequence(depth));
    }
    return into_.choice(std::move(branches));
  }

  expression parse_sequence(std::size_t depth) {
    std::vector<expression> parts;
    for (;;) {
      skip_space(depth > 0);
      const char c = in_.peek();
      const bool begins =
          c == '"' || c == '[' || c == '(' || c == '.' || is_name_character(c);
      if (!begins || in_.at_end())
        break;
      parts.push_back(parse_repeats(parse_item(depth)));
    }
    const char c = in_.peek();
    if (c == '*' || c == '+' || c == '?' || c == '{')
      in_.fail("there is nothing to repeat");
    return into_.sequence(std::move(parts));
  }

  expression parse_item(std::size_t depth) {
    const auto at = in_.position();
    if (in_.skip("\""))
      return parse_literal(at);
    if (in_.skip("["))
      return into_.chars(parse_class(at));
    if (in_.skip("."))
      return into_.chars({{0, last_character}});
    if (!in_.skip("(")) {
      const auto name = take_name();
      return into_.call(rule_of(name, at));
    }
    const auto inside = parse_choice(depth + 1);
    skip_space(true);
    if (!in_.skip(")"))
      in_.fail_at(at, "'(' is not closed");
    return inside;
  }

  expression parse_repeats(expression part) {
    for (std::size_t count = 0;; ++count) {
      if (count > most_repeats)
        in_.fail("too many repetitions of a repetition");
      if (in_.skip("*"))
        part = into_.repeat(part, 0, no_limit);
      else if (in_.skip("+"))
        part = into_.repeat(part, 1, no_limit);
      else if (in_.skip("?"))
        part = into_.optional(part);
      else if (in_.sees("{"))
        part = parse_bounds(part);
      else
        return part;
    }
  }

  expression parse_bounds(expression part) {
    const auto at = in_.position();
    in_.skip("{");
    skip_space(true);
    const auto low = in_.take_number();
    skip_space(true);
    auto high = low;
    if (in_.skip(",")) {
      skip_space(true);
      high = in_.take_number().value_or(no_limit);
      skip_space(true);
    }
    if (!low || !in_.skip("}"))
      in_.fail_at(at, "a repetition is {m}, {m,} or {m,n}");
    if (*low > *high)
      in_.fail_at(at, "the least number of repetitions is above the largest");
    return into_.repeat(part, *low, *high);
  }

  expression parse_literal(std::size_t at) {
    std::string text;
    while (!in_.skip("\"")) {
      if (in_.at_end() || in_.peek() == '\n')
        in_.fail_at(at, "'\"' is not closed");
      append_utf8(take_character(), text);
    }
    return into_.text(std::move(text));
  }

  std::uint32_t take_character() {
    const auto at = in_.position();
    const auto c = in_.take();
    if (c != '\\')
      return c;
    const auto escaped = in_.take();
    switch (escaped) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'x':
      return in_.take_hex(2);
    case 'u':
      return in_.take_hex(4);
    case 'U':
      return in_.take_hex(8);
    case '\\':
    case '"':
    case '[':
    case ']':
    case '^':
    case '-':
    case '/':
      return escaped;
    default:
      in_.fail_at(at, "there is no such escape");
    }
  }

  char_set parse_class(std::size_t at) {
    const bool negated = in_.skip("^");
    char_set out;
    while (!in_.skip("]")) {
      if (in_.at_end() || in_.peek() == '\n')
        in_.fail_at(at, "'[' is not closed");
      const auto from = in_.position();
      const auto low = take_character();
      auto high = low;
      if (in_.sees("-") && !in_.sees("-]")) {
        in_.skip("-");
        high = take_character();
      }
      if (high < low)
        in_.fail_at(from, "the range runs backwards");
      out.push_back({low, high});
    }
    return negated ? complement(std::move(out)) : out;
  }

  notation in_;
  syntax& into_;
  std::map<std::string, seen_rule> rules_;
};

} // namespace

rule_id parse_gbnf(std::string_view text, syntax& into) {
  return gbnf_parser{text, into}.parse();
}

} // namespace sluice::device
