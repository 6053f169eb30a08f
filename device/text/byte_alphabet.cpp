// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/byte_alphabet.hpp"

#include <array>
#include <cstdint>

namespace sluice::device {

namespace {

/// Code points 0 to 0x143 are the whole alphabet.
constexpr std::size_t alphabet_end = 0x144;

struct alphabet {
  std::array<char[2], 256> spelled{};
  std::array<std::uint8_t, 256> length{};
  std::array<std::int16_t, alphabet_end> byte{};

  constexpr alphabet() {
    for (auto& b : byte)
      b = -1;
    unsigned next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      // Printable Latin-1 stands for itself; the rest moves above U+0100.
      const bool printable =
          (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b != 0xAD);
      const unsigned point = printable ? b : next++;
      byte[point] = static_cast<std::int16_t>(b);
      if (point < 0x80) {
        spelled[b][0] = static_cast<char>(point);
        length[b] = 1;
      } else {
        spelled[b][0] = static_cast<char>(0xC0 | (point >> 6));
        spelled[b][1] = static_cast<char>(0x80 | (point & 0x3F));
        length[b] = 2;
      }
    }
  }
};

constexpr alphabet letters;

} // namespace

std::string_view spell_byte(unsigned char byte) noexcept {
  return {letters.spelled[byte], letters.length[byte]};
}

void spell_bytes(std::string_view bytes, std::string& out) {
  for (const char byte : bytes)
    out += spell_byte(static_cast<unsigned char>(byte));
}

bool unspell_bytes(std::string_view spelled, std::string& out) {
  const auto before = out.size();
  for (std::size_t i = 0; i < spelled.size();) {
    unsigned point = static_cast<unsigned char>(spelled[i++]);
    if (point >= 0xC2 && point <= 0xC5 && i < spelled.size())
      point = (point & 0x1F) << 6
              | (static_cast<unsigned char>(spelled[i++]) & 0x3F);
    else if (point >= 0x80)
      point = alphabet_end;
    if (point >= alphabet_end || letters.byte[point] < 0) {
      out.resize(before);
      return false;
    }
    out += static_cast<char>(letters.byte[point]);
  }
  return true;
}

} // namespace sluice::device
