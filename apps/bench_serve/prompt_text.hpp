// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Meaningless English of a wanted length in tokens, for load on a server whose
// tokenizer is not at hand: words are chosen that are one token each, which is
// found out by asking. Pure; how tokens are counted is an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::apps {

/// Tokens of a prompt with this text, template and begin token included;
/// nothing when it cannot be told.
using token_counter =
    std::function<std::optional<std::uint32_t>(const std::string& text)>;

/// What is known of a server's tokenizer.
struct calibration {
  std::vector<std::string> words; ///< to write with
  double tokens_per_word = 1;     ///< of a word after a space
  /// Tokens of a prompt that is the first word alone.
  std::uint32_t overhead = 1;
};

/// The word that every prompt begins with.
inline constexpr std::string_view first_word = "Note";

/// Some two hundred frequent English words.
std::span<const std::string> frequent_words();

/// Keeps the words that are one token each; of a vocabulary with hardly any
/// such word, the mean over all words. Without a count: one token per word.
calibration calibrate(const token_counter& count,
                      std::span<const std::string> words);

/// As calibrate(), with two counts only: for counters that cost a request.
calibration calibrate_coarsely(const token_counter& count,
                               std::span<const std::string> words);

class prompt_writer {
public:
  /// Texts are the same for the same seed and keys.
  prompt_writer(calibration known, std::uint64_t seed);

  /// A text of about `tokens` tokens, and never less than the overhead; another
  /// one for each key.
  std::string write(std::uint32_t tokens, std::uint64_t key) const;
  /// As above, but the text begins with blocks of `block_tokens` each: the same
  /// id gives the same words, and blocks end at multiples of `block_tokens`.
  std::string write(std::uint32_t tokens, std::uint64_t key,
                    std::span<const std::uint64_t> blocks,
                    std::uint32_t block_tokens) const;

private:
  void add_words(std::string& out, std::size_t count, std::uint64_t key) const;
  std::size_t words_for(double tokens) const;

  calibration known_;
  std::uint64_t seed_;
};

} // namespace sluice::apps
