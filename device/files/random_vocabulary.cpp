// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/random_vocabulary.hpp"

#include "device/text/byte_alphabet.hpp"

#include <cassert>

namespace sluice::device {

namespace {

// Token types of GGUF.
constexpr std::int32_t normal = 1;
constexpr std::int32_t control = 3;

constexpr std::uint32_t letters = 26;

} // namespace

// Words in order of length: every word but its last letter is a word before it,
// or a letter.
random_vocabulary make_random_vocabulary(std::uint32_t size) {
  assert(size >= least_random_vocabulary);
  random_vocabulary out;
  out.tokens.reserve(size);
  for (unsigned byte = 0; byte < 256; ++byte)
    out.tokens.emplace_back(spell_byte(static_cast<unsigned char>(byte)));
  std::vector<std::string> shorter;
  for (char c = 'a'; c <= 'z'; ++c)
    shorter.emplace_back(1, c);
  for (std::size_t next = 0; out.tokens.size() + 2 < size; ++next) {
    const auto stem = shorter[next / letters];
    const char last = static_cast<char>('a' + next % letters);
    out.merges.push_back(stem + " " + last);
    out.tokens.push_back(stem + last);
    shorter.push_back(out.tokens.back());
  }
  out.types.assign(size, normal);
  out.bos = size - 2;
  out.eos = size - 1;
  out.tokens.emplace_back("<|begin|>");
  out.tokens.emplace_back("<|end|>");
  out.types[out.bos] = out.types[out.eos] = control;
  return out;
}

} // namespace sluice::device
