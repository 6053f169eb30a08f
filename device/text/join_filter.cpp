// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/join_filter.hpp"

#include "device/text/utf8.hpp"

#include <bit>

namespace sluice::device {

namespace {

/// A character as a number; each invalid byte as one beyond Unicode.
struct symbol {
  std::uint32_t value;
  std::size_t length;
};

symbol first_symbol(std::string_view text) noexcept {
  const auto unit = read_utf8(text);
  if (unit.state == utf8_state::valid)
    return {code_point(text.substr(0, unit.length)), unit.length};
  return {0x110000u + static_cast<unsigned char>(text[0]), 1};
}

std::uint64_t hash_of(std::uint32_t left, std::uint32_t right) noexcept {
  const auto pair = (std::uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
  return pair >> 16;
}

} // namespace

join_filter::join_filter(const vocabulary& words)
    : bits_(std::bit_ceil(words.size() / 4 + 64)) {
  for (std::size_t id = 0; id < words.size(); ++id) {
    const auto kind = words.kind(id);
    if (kind == token_kind::control || kind == token_kind::unknown)
      continue;
    auto text = words.text(id);
    for (std::uint32_t left = 0; !text.empty();) {
      const auto next = first_symbol(text);
      text.remove_prefix(next.length);
      const auto hash = hash_of(left, next.value);
      bits_[(hash >> 6) & (bits_.size() - 1)] |= std::uint64_t{1}
                                                 << (hash & 63);
      left = next.value;
    }
  }
}

bool join_filter::joins(std::uint32_t left,
                        std::uint32_t right) const noexcept {
  const auto hash = hash_of(left, right);
  return (bits_[(hash >> 6) & (bits_.size() - 1)] >> (hash & 63) & 1) != 0;
}

std::size_t join_filter::piece(std::string_view text) const noexcept {
  if (bits_.empty() || text.empty())
    return text.size();
  auto left = first_symbol(text);
  std::size_t end = left.length;
  while (end < text.size()) {
    const auto right = first_symbol(text.substr(end));
    if (!joins(left.value, right.value))
      break;
    end += right.length;
    left = right;
  }
  return end;
}

} // namespace sluice::device
