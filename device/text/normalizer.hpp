// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Rewrites text before it is cut into words: tokenizer.json's normalizer, and
// sentencepiece's handling of spaces. Used by the tokenizer. Knows no
// vocabulary.
#pragma once

#include "device/text/regex.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::device {

/// Puts text before all that is not empty.
struct prepend_rule {
  std::string text;
  bool unless_there = false; ///< not where the text begins with it already
  bool first_only = false;   ///< only where the whole input begins
};

/// Replaces every occurrence.
struct replace_rule {
  std::string from;
  std::string to;
};

/// Replaces every match; runs of invalid UTF-8 are left alone.
struct replace_pattern_rule {
  regex pattern;
  std::string to;
};

/// Removes white space at the ends.
struct strip_rule {
  bool left = true;
  bool right = true;
};

/// Unicode's normalization form C.
struct nfc_rule {};

class normalizer {
public:
  using rule = std::variant<prepend_rule, replace_rule, replace_pattern_rule,
                            strip_rule, nfc_rule>;
  /// Made in place: GCC 12 warns of moves out of a fresh variant.
  template <class rule_type>
  void add(rule_type next) {
    rules_.emplace_back(std::move(next));
  }
  bool empty() const noexcept { return rules_.empty(); }

  /// Rewrites `text`; `first`: it begins the whole input.
  void apply(std::string& text, bool first) const;

private:
  std::vector<rule> rules_;
};

} // namespace sluice::device
