// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A made-up vocabulary as large as a real one, for random models that are to be
// asked questions: what it costs to open is measured with it. Knows no file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::device {

/// Byte-level BPE: 256 bytes, words of lower-case letters, and two control
/// tokens at the end.
struct random_vocabulary {
  std::vector<std::string> tokens; ///< spelled in GPT-2's byte alphabet
  std::vector<std::int32_t> types; ///< GGUF's token types
  std::vector<std::string> merges; ///< "left right", one per word
  std::uint32_t bos = 0;
  std::uint32_t eos = 0;
};

/// Least tokens that such a vocabulary has.
inline constexpr std::uint32_t least_random_vocabulary = 256 + 2;

/// `size` >= least_random_vocabulary tokens.
random_vocabulary make_random_vocabulary(std::uint32_t size);

} // namespace sluice::device
