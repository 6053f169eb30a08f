// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The tokenizers of bundled models, read once for all tests of a program.
#pragma once

#include "device/files/gguf.hpp"
#include "device/text/tokenizer.hpp"

namespace sluice::device::test {

/// Byte pairs.
inline const tokenizer& edge() {
  static const auto tokens =
      tokenizer::from_gguf(gguf_file::open("examples/models/edge-q8_0.gguf"));
  return tokens;
}

/// Sentencepiece.
inline const tokenizer& stories() {
  static const auto tokens =
      tokenizer::from_gguf(gguf_file::open("examples/models/stories260k.gguf"));
  return tokens;
}

} // namespace sluice::device::test
