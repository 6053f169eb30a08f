// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Strings' content as JSON spells it.
#include "device/grammar/json_syntax.hpp"

#include <algorithm>
#include <map>

namespace sluice::device {

namespace {

constexpr unsigned first_plain = 0x20; // below are control characters

// The letter of the escape that is only for `byte`, or 0.
char letter_of(unsigned byte) {
  switch (byte) {
  case '\b':
    return 'b';
  case '\f':
    return 'f';
  case '\n':
    return 'n';
  case '\r':
    return 'r';
  case '\t':
    return 't';
  case '"':
  case '\\':
    return static_cast<char>(byte);
  default:
    return 0;
  }
}

bool is_special(unsigned byte) {
  return byte < first_plain || byte == '"' || byte == '\\';
}

class json_speller {
public:
  json_speller(const machine& content, work_budget& budget)
      : out_{content}, budget_{budget} {}

  machine spell() {
    const auto count = static_cast<std::uint32_t>(out_.states.size());
    for (std::uint32_t i = 0; i < count; ++i)
      spell_state(i);
    return std::move(out_);
  }

private:
  std::uint32_t add_state() {
    budget_.states(1);
    out_.states.emplace_back();
    return static_cast<std::uint32_t>(out_.states.size() - 1);
  }

  void add_edge(std::uint32_t from, char byte, std::uint32_t to) {
    auto& edges = out_.states[from].bytes;
    const auto value = static_cast<std::uint8_t>(byte);
    edges.push_back({value, value, to});
    std::ranges::sort(edges, {}, &byte_edge::low);
  }

  void spell_state(std::uint32_t at) {
    std::vector<byte_edge> plain;
    std::map<unsigned, std::uint32_t> special; // byte -> target
    for (const auto& edge : out_.states[at].bytes)
      for (unsigned byte = edge.low; byte <= edge.high; ++byte) {
        const auto value = static_cast<std::uint8_t>(byte);
        if (is_special(byte))
          special[byte] = edge.target;
        else if (!plain.empty() && plain.back().high + 1u == byte
                 && plain.back().target == edge.target)
          plain.back().high = value;
        else
          plain.push_back({value, value, edge.target});
      }
    out_.states[at].bytes = std::move(plain);
    if (special.empty())
      return;
    const auto escape = add_state();
    add_edge(at, '\\', escape);
    std::map<unsigned, std::uint32_t> controls;
    for (const auto& [byte, target] : special)
      if (const char letter = letter_of(byte))
        add_edge(escape, letter, target);
      else
        controls.emplace(byte, target);
    if (!controls.empty())
      spell_controls(escape, controls);
  }

  // \u00 and two hexadecimal digits.
  void spell_controls(std::uint32_t escape,
                      const std::map<unsigned, std::uint32_t>& controls) {
    const auto u = add_state();
    const auto zero = add_state();
    const auto high = add_state();
    add_edge(escape, 'u', u);
    add_edge(u, '0', zero);
    add_edge(zero, '0', high);
    std::uint32_t digits[2] = {no_state, no_state};
    for (const auto& [byte, target] : controls) {
      auto& state = digits[byte / 16];
      if (state == no_state) {
        state = add_state();
        add_edge(high, static_cast<char>('0' + byte / 16), state);
      }
      const auto low = byte % 16;
      if (low < 10) {
        add_edge(state, static_cast<char>('0' + low), target);
      } else {
        add_edge(state, static_cast<char>('a' + low - 10), target);
        add_edge(state, static_cast<char>('A' + low - 10), target);
      }
    }
  }

  machine out_;
  work_budget& budget_;
};

} // namespace

machine spell_as_json(const machine& content, work_budget& budget) {
  return json_speller{content, budget}.spell();
}

} // namespace sluice::device
