// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/pretokenizer.hpp"

#include "device/text/byte_alphabet.hpp"
#include "device/text/utf8.hpp"

#include <utility>

namespace sluice::device {

namespace {

/// Joins the alternating spans of one word into words by `behavior`.
class span_folder {
public:
  span_folder(split_behavior behavior, std::vector<match_range>& out)
      : behavior_(behavior), out_(out), first_(out.size()) {}

  void add(match_range span, bool match) {
    if (span.begin == span.end)
      return;
    const bool joins = out_.size() > first_ && joins_previous(match);
    if (match && behavior_ == split_behavior::removed)
      return;
    if (joins)
      out_.back().end = span.end;
    else
      out_.push_back(span);
    previous_match_ = match;
  }

private:
  bool joins_previous(bool match) const {
    switch (behavior_) {
    case split_behavior::merged_with_previous:
      return match && !previous_match_;
    case split_behavior::merged_with_next:
      return !match && previous_match_;
    case split_behavior::contiguous:
      return match == previous_match_;
    default:
      return false;
    }
  }

  split_behavior behavior_;
  std::vector<match_range>& out_;
  std::size_t first_;
  bool previous_match_ = false;
};

/// Matches of `pattern` in valid UTF-8 text[word], folded into `out`.
void split_word(const regex& pattern, split_behavior behavior, bool invert,
                std::string_view text, match_range word, match_space& space,
                std::vector<match_range>& out) {
  // Patterns look ahead, but never beyond the word: it is its own subject.
  const auto subject = text.substr(word.begin, word.end - word.begin);
  span_folder spans(behavior, out);
  std::size_t done = 0;
  for (std::size_t from = 0; from < subject.size();) {
    const auto match = pattern.find(subject, from, space);
    if (!match)
      break;
    if (match->end <= match->begin) { // empty: step over one character
      from = match->begin + read_utf8(subject.substr(match->begin)).length;
      if (match->begin >= subject.size())
        break;
      // An empty match still cuts, as a boundary does.
      spans.add({word.begin + done, word.begin + match->begin}, invert);
      done = match->begin;
      continue;
    }
    spans.add({word.begin + done, word.begin + match->begin}, invert);
    spans.add({word.begin + match->begin, word.begin + match->end}, !invert);
    done = from = match->end;
  }
  spans.add({word.begin + done, word.end}, invert);
}

/// Runs of valid and of invalid bytes, in turn.
void split_by_validity(std::string_view text, std::vector<match_range>& out) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto begin = at;
    at += valid_utf8_prefix(text.substr(at));
    if (at > begin)
      out.push_back({begin, at});
    const auto broken = at;
    while (at < text.size()) {
      const auto unit = read_utf8(text.substr(at));
      if (unit.state == utf8_state::valid)
        break;
      at += unit.length;
    }
    if (at > broken)
      out.push_back({broken, at});
  }
}

void spell_words(std::string& text, pretokenizer::workspace& space) {
  space.spelled.clear();
  for (auto& word : space.words) {
    const auto begin = space.spelled.size();
    spell_bytes(
        std::string_view(text).substr(word.begin, word.end - word.begin),
        space.spelled);
    word = {begin, space.spelled.size()};
  }
  text.swap(space.spelled);
}

} // namespace

void pretokenizer::add_split(regex pattern, split_behavior behavior,
                             bool invert) {
  steps_.push_back({std::move(pattern), behavior, invert});
}

void pretokenizer::add_byte_spelling() {
  steps_.push_back({});
  spells_ = true;
}

void pretokenizer::split(std::string& text, workspace& space) const {
  space.words.clear();
  split_by_validity(text, space.words);
  for (const auto& step : steps_) {
    if (!step.pattern) {
      spell_words(text, space);
      continue;
    }
    space.next.clear();
    for (const auto word : space.words) {
      const auto first = std::string_view(text).substr(word.begin);
      // Broken bytes are words already: no pattern applies to them.
      if (read_utf8(first).state == utf8_state::valid)
        split_word(*step.pattern, step.behavior, step.invert, text, word,
                   space.matches, space.next);
      else
        space.next.push_back(word);
    }
    space.words.swap(space.next);
  }
}

} // namespace sluice::device
