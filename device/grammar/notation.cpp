// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/notation.hpp"

#include "device/error.hpp"

#include <charconv>

namespace sluice::device {

notation::notation(std::string_view text, bool lines)
    : text_{text}, lines_{lines} {
  for (std::size_t at = 0; at < text.size();)
    read_utf8(text, at);
}

bool notation::skip(std::string_view what) noexcept {
  if (!sees(what))
    return false;
  at_ += what.size();
  return true;
}

std::uint32_t notation::take() {
  if (at_end())
    fail("the text ends too early");
  return read_utf8(text_, at_);
}

std::uint32_t notation::take_hex(std::size_t digits) {
  const auto from = text_.substr(at_, digits);
  std::uint32_t value = 0;
  const auto* end = from.data() + from.size();
  const auto [rest, ec] = std::from_chars(from.data(), end, value, 16);
  if (from.size() < digits || ec != std::errc{} || rest != end)
    fail(std::to_string(digits) + " hexadecimal digits must follow");
  if (value > last_character)
    fail("there is no such character");
  at_ += digits;
  return value;
}

std::optional<std::uint32_t> notation::take_number() {
  const auto from = text_.substr(at_);
  std::uint32_t value = 0;
  const auto [rest, ec] =
      std::from_chars(from.data(), from.data() + from.size(), value);
  if (ec == std::errc::result_out_of_range)
    fail("the number is too large");
  if (ec != std::errc{})
    return std::nullopt;
  at_ += static_cast<std::size_t>(rest - from.data());
  return value;
}

void notation::fail_at(std::size_t position, const std::string& what) const {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < position; ++i) {
    const auto byte = static_cast<std::uint8_t>(text_[i]);
    if (lines_ && byte == '\n') {
      ++line;
      column = 1;
    } else if ((byte & 0xC0) != 0x80) {
      ++column;
    }
  }
  auto where = "column " + std::to_string(column);
  if (lines_)
    where = "line " + std::to_string(line) + ", " + where;
  throw model_error(where + ": " + what);
}

} // namespace sluice::device
