// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/normalizer.hpp"

#include "device/text/nfc.hpp"
#include "device/text/utf8.hpp"

namespace sluice::device {

namespace {

void run(const prepend_rule& rule, std::string& text, bool first) {
  if (text.empty() || (rule.first_only && !first)
      || (rule.unless_there && text.starts_with(rule.text)))
    return;
  text.insert(0, rule.text);
}

void run(const replace_rule& rule, std::string& text, bool) {
  auto at = rule.from.empty() ? std::string::npos : text.find(rule.from);
  if (at == std::string::npos)
    return;
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  std::size_t done = 0;
  for (; at != std::string::npos; at = text.find(rule.from, done)) {
    result.append(text, done, at - done).append(rule.to);
    done = at + rule.from.size();
  }
  text = result.append(text, done);
}

void run(const replace_pattern_rule& rule, std::string& text, bool) {
  match_space space;
  std::string result;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto subject = rest.substr(0, valid_utf8_prefix(rest));
    std::size_t done = 0;
    for (std::size_t from = 0; from < subject.size();) {
      const auto match = rule.pattern.find(subject, from, space);
      if (!match)
        break;
      if (match->end <= match->begin) {
        from = match->begin + read_utf8(subject.substr(match->begin)).length;
        if (match->begin >= subject.size())
          break;
        continue;
      }
      result.append(subject.substr(done, match->begin - done)).append(rule.to);
      done = from = match->end;
    }
    result.append(subject.substr(done));
    rest.remove_prefix(subject.size());
    const auto broken = read_utf8(rest).length;
    result.append(rest.substr(0, broken));
    rest.remove_prefix(broken);
  }
  text = std::move(result);
}

void run(const strip_rule& rule, std::string& text, bool) {
  std::size_t begin = 0;
  while (rule.left && begin < text.size()) {
    const auto unit = read_utf8(std::string_view(text).substr(begin));
    if (unit.state != utf8_state::valid
        || !is_white_space(
            code_point(std::string_view(text).substr(begin, unit.length))))
      break;
    begin += unit.length;
  }
  auto end = text.size();
  while (rule.right && end > begin) {
    auto last = end - 1;
    while (last > begin
           && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80)
      --last;
    const auto character = std::string_view(text).substr(last, end - last);
    const auto unit = read_utf8(character);
    if (unit.state != utf8_state::valid || unit.length != character.size()
        || !is_white_space(code_point(character)))
      break;
    end = last;
  }
  text = text.substr(begin, end - begin);
}

void run(const nfc_rule&, std::string& text, bool) {
  compose_nfc(text);
}

} // namespace

void normalizer::apply(std::string& text, bool first) const {
  for (const auto& next : rules_)
    std::visit([&](const auto& rule) { run(rule, text, first); }, next);
}

} // namespace sluice::device
