// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The text that a notation's parser reads: characters with a position, and the
// numbers of escapes. Used by the parsers of regular expressions and GBNF.
#pragma once

#include "device/grammar/utf8_ranges.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::device {

class notation {
public:
  /// `lines`: errors count lines, too. Throws model_error when it is not UTF-8.
  notation(std::string_view text, bool lines);

  bool at_end() const noexcept { return at_ == text_.size(); }
  bool sees(std::string_view what) const noexcept {
    return text_.substr(at_).starts_with(what);
  }
  /// The next byte, 0 at the end.
  char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  /// Skips `what` if it is next.
  bool skip(std::string_view what) noexcept;
  /// The next character. Throws at the end.
  std::uint32_t take();
  /// Exactly `digits` hexadecimal digits.
  std::uint32_t take_hex(std::size_t digits);
  /// A decimal number, if one is next.
  std::optional<std::uint32_t> take_number();

  std::size_t position() const noexcept { return at_; }
  void rewind(std::size_t position) noexcept { at_ = position; }

  /// "line 2, column 7: ..." or "column 7: ...", counted in characters.
  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t position,
                            const std::string& what) const;

private:
  std::string_view text_;
  bool lines_;
  std::size_t at_ = 0;
};

} // namespace sluice::device
