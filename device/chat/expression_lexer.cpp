// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/expression_lexer.hpp"

#include "device/chat/python_text.hpp"

#include <cctype>

namespace sluice::device::jinja {

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_'
         || static_cast<unsigned char>(c) >= 0x80;
}

int digit_value(char c) {
  if (digit(c))
    return c - '0';
  const int low = c | 32;
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : 99;
}

/// \xHH, \uHHHH, \UHHHHHHHH: `digits` of them after s[i].
char32_t hex_escape(std::string_view s, std::size_t i, int digits,
                    std::uint32_t line) {
  char32_t c = 0;
  for (int k = 0; k < digits; ++k) {
    const int d = i + k < s.size() ? digit_value(s[i + k]) : 99;
    if (d > 15)
      throw syntax_fault{line, "a string has a truncated \\x or \\u escape"};
    c = c * 16 + static_cast<char32_t>(d);
  }
  if (c > 0x10FFFF)
    throw syntax_fault{line, "a string has an escape beyond U+10FFFF"};
  return c;
}

/// Decodes the escape after the backslash at s[i - 1]; returns what it took.
std::size_t escape(std::string_view s, std::size_t i, std::uint32_t line,
                   std::string& out) {
  constexpr std::string_view from = "ntr\\'\"abfv";
  constexpr std::string_view to = "\n\t\r\\'\"\a\b\f\v";
  const char c = s[i];
  if (const auto k = from.find(c); k != std::string_view::npos) {
    out += to[k];
    return 1;
  }
  if (c == '\n')
    return 1;
  if (c == 'x' || c == 'u' || c == 'U') {
    const int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
    encode(hex_escape(s, i + 1, digits, line), out);
    return 1 + static_cast<std::size_t>(digits);
  }
  if (c >= '0' && c <= '7') {
    char32_t octal = 0;
    std::size_t n = 0;
    while (n < 3 && i + n < s.size() && s[i + n] >= '0' && s[i + n] <= '7')
      octal = octal * 8 + static_cast<char32_t>(s[i + n++] - '0');
    encode(octal, out);
    return n;
  }
  out += '\\'; // an unknown escape stands for itself
  return 0;
}

lexeme string_lexeme(std::string_view source, std::size_t pos,
                     std::uint32_t line, std::deque<std::string>& strings) {
  const char quote = source[pos];
  std::size_t end = pos + 1;
  bool escaped = false;
  while (end < source.size() && source[end] != quote) {
    escaped |= source[end] == '\\';
    end += source[end] == '\\' ? 2 : 1;
  }
  if (end >= source.size())
    throw syntax_fault{line, std::string("a string is not closed, expected ")
                                 + quote};
  const std::string_view body = source.substr(pos + 1, end - pos - 1);
  if (!escaped)
    return {token_kind::string, body, body.size() + 2};
  std::string& out = strings.emplace_back();
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\')
      out += body[i++];
    else
      i += 1 + escape(body, i + 1, line, out);
  }
  return {token_kind::string, out, body.size() + 2};
}

/// Digits with single underscores between them, from s[i].
std::size_t digits(std::string_view s, std::size_t i) {
  const std::size_t from = i;
  while (
      i < s.size()
      && (digit(s[i])
          || (s[i] == '_' && i > from && i + 1 < s.size() && digit(s[i + 1]))))
    ++i;
  return i;
}

lexeme number_lexeme(std::string_view s, std::size_t pos) {
  std::size_t end = pos;
  const auto at = [&](std::size_t i) { return i < s.size() ? s[i] : '\0'; };
  const char base = static_cast<char>(at(pos + 1) | 32);
  if (s[pos] == '0' && (base == 'x' || base == 'o' || base == 'b')) {
    const int radix = base == 'x' ? 16 : base == 'o' ? 8 : 2;
    end = pos + 2;
    while (digit_value(at(end)) < radix || at(end) == '_')
      ++end;
    return {token_kind::integer, s.substr(pos, end - pos), end - pos};
  }
  end = digits(s, pos);
  bool real = false;
  if (pos == 0 || s[pos - 1] != '.') {
    if (at(end) == '.' && digit(at(end + 1))) {
      real = true;
      end = digits(s, end + 1);
    }
    const bool sign = at(end + 1) == '+' || at(end + 1) == '-';
    if ((at(end) | 32) == 'e' && digit(at(end + (sign ? 2 : 1)))) {
      real = true;
      end = digits(s, end + (sign ? 2 : 1));
    }
  }
  return {real ? token_kind::real : token_kind::integer,
          s.substr(pos, end - pos), end - pos};
}

lexeme symbol_lexeme(std::string_view source, std::size_t pos,
                     std::uint32_t line, std::string& brackets) {
  const char c = source[pos];
  constexpr std::string_view open = "([{", close = ")]}";
  if (const auto k = open.find(c); k != std::string_view::npos) {
    brackets += close[k];
  } else if (close.find(c) != std::string_view::npos) {
    if (brackets.empty())
      throw syntax_fault{line, std::string("unexpected '") + c + "'"};
    if (brackets.back() != c)
      throw syntax_fault{line, std::string("unexpected '") + c + "', expected '"
                                   + brackets.back() + "'"};
    brackets.pop_back();
  }
  const std::string_view two = source.substr(pos, 2);
  for (std::string_view s : {"//", "**", "==", "!=", ">=", "<="})
    if (two == s)
      return {token_kind::symbol, two, 2};
  if (std::string_view("+-*/%~()[]{}<>=.:|,;").find(c)
      == std::string_view::npos)
    throw syntax_fault{line, std::string("unexpected character '") + c + "'"};
  return {token_kind::symbol, source.substr(pos, 1), 1};
}

} // namespace

lexeme next_lexeme(std::string_view source, std::size_t pos, std::uint32_t line,
                   std::deque<std::string>& strings, std::string& brackets) {
  const char c = source[pos];
  if (digit(c))
    return number_lexeme(source, pos);
  if (c == '\'' || c == '"')
    return string_lexeme(source, pos, line, strings);
  if (!name_start(c))
    return symbol_lexeme(source, pos, line, brackets);
  std::size_t end = pos;
  while (end < source.size() && (name_start(source[end]) || digit(source[end])))
    ++end;
  return {token_kind::name, source.substr(pos, end - pos), end - pos};
}

} // namespace sluice::device::jinja
