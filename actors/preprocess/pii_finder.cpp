// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/pii_finder.hpp"

#include <re2/re2.h>

#include <array>
#include <string>

namespace sluice::actors {

namespace {

struct patterns {
  RE2 email{R"((?i)[a-z0-9._%+\-]+@[a-z0-9\-]+(\.[a-z0-9\-]+)*\.[a-z]{2,})"};
  // 13 to 19 digits, single spaces or dashes between them.
  RE2 card{R"(\b(\d(?:[ -]?\d){12,18})\b)"};
  RE2 iban{R"((?i)\b([a-z]{2}\d{2}(?: ?[a-z0-9]){11,30})\b)"};
  // With a country code, or ten digits and more in groups, or (area) number.
  RE2 phone{R"((?:\+\d{1,3}[ .\-/]?(?:\(?\d{1,5}\)?[ .\-/]?){1,5}\d{2,})"
            R"(|\(\d{2,5}\)[ .\-/]?\d{3,4}[ .\-/]?\d{3,5})"
            R"(|\b\d{3}[ .\-/]\d{3}[ .\-/]\d{4}\b)"
            R"(|\b0\d{2,4}[ .\-/]\d{5,9}\b))"};
};

const patterns& all_patterns() {
  static const patterns compiled;
  return compiled;
}

std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '-')
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

bool card_in(std::string_view text) {
  re2::StringPiece rest{text.data(), text.size()};
  std::string found;
  while (RE2::FindAndConsume(&rest, all_patterns().card, &found))
    if (luhn_holds(squeezed(found)))
      return true;
  return false;
}

// The pattern runs on into words that follow; an IBAN's length is its
// country's, so every length from 15 up to what was found is tried.
bool iban_in(std::string_view text) {
  re2::StringPiece rest{text.data(), text.size()};
  std::string found;
  while (RE2::FindAndConsume(&rest, all_patterns().iban, &found)) {
    const auto whole = squeezed(found);
    for (std::size_t length = 15; length <= whole.size(); ++length)
      if (iban_holds(std::string_view{whole}.substr(0, length)))
        return true;
  }
  return false;
}

std::size_t digits_in(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text)
    count += c >= '0' && c <= '9';
  return count;
}

bool phone_in(std::string_view text) {
  re2::StringPiece rest{text.data(), text.size()};
  std::string found;
  static const RE2 outer{"(" + all_patterns().phone.pattern() + ")"};
  while (RE2::FindAndConsume(&rest, outer, &found))
    if (digits_in(found) >= 7 && digits_in(found) <= 15) // E.164
      return true;
  return false;
}

} // namespace

std::string_view name(pii_kind kind) noexcept {
  constexpr std::array<std::string_view, 4> names{"email", "phone", "card",
                                                  "iban"};
  return names[static_cast<std::size_t>(kind)];
}

bool luhn_holds(std::string_view digits) noexcept {
  unsigned sum = 0;
  bool twice = false;
  for (auto i = digits.size(); i-- > 0; twice = !twice) {
    const auto d = static_cast<unsigned>(digits[i] - '0') * (twice ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  // All zeros hold too, but are nobody's card.
  return sum > 0 && sum % 10 == 0;
}

bool iban_holds(std::string_view iban) noexcept {
  if (iban.size() < 15 || iban.size() > 34)
    return false;
  unsigned rest = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()]; // country and check go last
    if (c >= '0' && c <= '9')
      rest = (rest * 10 + static_cast<unsigned>(c - '0')) % 97;
    else
      rest = (rest * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
  }
  return rest == 1;
}

std::optional<pii_kind> find_pii(std::string_view text) {
  if (RE2::PartialMatch({text.data(), text.size()}, all_patterns().email))
    return pii_kind::email;
  if (iban_in(text))
    return pii_kind::iban;
  if (card_in(text))
    return pii_kind::card;
  if (phone_in(text))
    return pii_kind::phone;
  return std::nullopt;
}

} // namespace sluice::actors
