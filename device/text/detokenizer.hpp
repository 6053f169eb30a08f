// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Token ids to text, one at a time: bytes of an unfinished UTF-8 character are
// held back until it is whole, so no delta ever splits one.
#pragma once

#include "device/text/tokenizer.hpp"

#include <cstdint>
#include <string>

namespace sluice::device {

/// State of one output stream. The tokenizer must outlive it.
class detokenizer {
public:
  /// `continues`: the stream goes on after other text (a completion), so its
  /// leading space is kept.
  explicit detokenizer(const tokenizer& tokens, bool specials = false,
                       bool continues = false);

  /// Text that became complete with `id`; often empty. Bytes that can never
  /// become valid UTF-8 come out as U+FFFD. A sentencepiece stream's first
  /// leading space is dropped.
  std::string push(std::int32_t id);
  /// What is still held back, as U+FFFD; the stream ends.
  std::string finish();

private:
  const tokenizer* tokens_;
  bool specials_;
  bool first_ = true;
  std::string pending_;
};

} // namespace sluice::device
