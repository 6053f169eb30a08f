// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/grammar_cache.hpp"

namespace sluice::device {

namespace {

std::string key_of(const grammar_source& source) {
  return static_cast<char>('0' + static_cast<int>(source.kind)) + source.text;
}

} // namespace

grammar_cache::grammar_cache(trie_maker vocabulary, grammar_cache_limits limits)
    : make_trie_{std::move(vocabulary)}, limits_{limits} {}

std::shared_ptr<const compiled_grammar>
grammar_cache::get(const grammar_source& source) {
  auto key = key_of(source);
  {
    const std::lock_guard held{lock_};
    if (const auto at = known_.find(key); at != known_.end()) {
      order_.splice(order_.begin(), order_, at->second);
      return at->second->grammar;
    }
  }
  std::call_once(trie_made_, [this] { trie_ = make_trie_(); });
  auto made = compile_grammar(source, trie_);
  const std::lock_guard held{lock_};
  // Another thread may have been as far.
  if (const auto at = known_.find(key); at != known_.end())
    return at->second->grammar;
  order_.push_front({key, made});
  known_.emplace(std::move(key), order_.begin());
  shrink();
  return made;
}

// Grammars grow while they are used, so all are counted each time.
void grammar_cache::shrink() {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (auto at = order_.begin(); at != order_.end();) {
    bytes += at->key.size() + at->grammar->bytes();
    ++count;
    if (count > 1 && (count > limits_.grammars || bytes > limits_.bytes)) {
      known_.erase(at->key);
      at = order_.erase(at);
    } else {
      ++at;
    }
  }
}

std::size_t grammar_cache::size() const {
  const std::lock_guard held{lock_};
  return order_.size();
}

} // namespace sluice::device
