// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/prompt_text.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <sstream>

namespace sluice::apps {

namespace {

constexpr std::size_t enough_words = 16; // for texts that differ

constexpr auto word_list =
    "the of and to in is was for that on as with by at from it an be are this "
    "which or his had were not but have one their has its they two first been "
    "who all also her after more when other into time only may would out most "
    "about over some these made such there than many new between used where "
    "known during during can three them then no part world being year before "
    "both people under well through work city later while war second state "
    "may long name game life up so now group small great several since each "
    "early including number system same end another called against best day "
    "high way house still found home place left large set line water land old "
    "white music school back take order play show book head side door light "
    "good little come hand very right white what see down field power river "
    "black men even much any public without local open next form four area "
    "case point town common north south east west support company member "
    "death main major center red team half law king church air human own "
    "total party five near late island written given among until young space";

std::string joined(std::span<const std::string> words) {
  std::string out{first_word};
  for (const auto& word : words)
    out.append(" ").append(word);
  return out;
}

/// Appends those of `words` that are one token each, by halves.
void keep_single(const token_counter& count, std::uint32_t overhead,
                 std::span<const std::string> words,
                 std::vector<std::string>& kept) {
  const auto tokens = count(joined(words));
  if (!tokens)
    return;
  if (*tokens == overhead + words.size()) {
    kept.insert(kept.end(), words.begin(), words.end());
    return;
  }
  if (words.size() == 1)
    return;
  const auto half = words.size() / 2;
  keep_single(count, overhead, words.first(half), kept);
  keep_single(count, overhead, words.subspan(half), kept);
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
std::uint64_t mixed(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

} // namespace

std::span<const std::string> frequent_words() {
  static const auto words = [] {
    std::vector<std::string> out;
    std::istringstream in{word_list};
    for (std::string word; in >> word;)
      if (std::find(out.begin(), out.end(), word) == out.end())
        out.push_back(word);
    return out;
  }();
  return words;
}

calibration calibrate_coarsely(const token_counter& count,
                               std::span<const std::string> words) {
  calibration out{{words.begin(), words.end()}};
  const auto alone = count(std::string{first_word});
  const auto all = alone ? count(joined(words)) : std::nullopt;
  if (!all || *all <= *alone)
    return out;
  out.overhead = *alone;
  out.tokens_per_word =
      static_cast<double>(*all - *alone) / static_cast<double>(words.size());
  return out;
}

calibration calibrate(const token_counter& count,
                      std::span<const std::string> words) {
  const auto alone = count(std::string{first_word});
  if (!alone)
    return {{words.begin(), words.end()}};
  calibration out{{}, 1, *alone};
  keep_single(count, out.overhead, words, out.words);
  return out.words.size() >= enough_words ? out
                                          : calibrate_coarsely(count, words);
}

prompt_writer::prompt_writer(calibration known, std::uint64_t seed)
    : known_{std::move(known)}, seed_{seed} {
  assert(!known_.words.empty());
}

std::size_t prompt_writer::words_for(double tokens) const {
  return static_cast<std::size_t>(
      std::max(0.0, std::round(tokens / known_.tokens_per_word)));
}

void prompt_writer::add_words(std::string& out, std::size_t count,
                              std::uint64_t key) const {
  auto state = mixed(seed_ ^ mixed(key));
  for (std::size_t i = 0; i < count; ++i) {
    state = mixed(state);
    out.append(" ").append(known_.words[state % known_.words.size()]);
  }
}

std::string prompt_writer::write(std::uint32_t tokens,
                                 std::uint64_t key) const {
  return write(tokens, key, {}, 0);
}

std::string prompt_writer::write(std::uint32_t tokens, std::uint64_t key,
                                 std::span<const std::uint64_t> blocks,
                                 std::uint32_t block_tokens) const {
  std::string out{first_word};
  auto left = words_for(static_cast<double>(tokens) - known_.overhead);
  // The overhead stands before the first block, whose end still falls on a
  // multiple: a server that caches whole blocks then shares whole blocks.
  auto room =
      block_tokens == 0 ? 0 : block_tokens - known_.overhead % block_tokens;
  for (const auto id : blocks) {
    const auto count = std::min(left, words_for(room));
    // Odd and even keys: a block never equals a request's own words.
    add_words(out, count, 2 * id);
    left -= count;
    room = block_tokens;
  }
  add_words(out, left, 2 * key + 1);
  return out;
}

} // namespace sluice::apps
