// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The compiled grammars of one model, the last used first, so that a grammar
// that many requests ask for is compiled once. Thread-safe; bounded in number
// and memory. Whoever takes a request compiles; the sampler finds it here.
#pragma once

#include "device/grammar/compile.hpp"

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace sluice::device {

struct grammar_cache_limits {
  std::size_t grammars = 128;
  std::size_t bytes = std::size_t{256} << 20;
};

class grammar_cache {
public:
  using trie_maker = std::function<std::shared_ptr<const token_trie>()>;

  /// The vocabulary's tree is made when the first grammar is.
  explicit grammar_cache(trie_maker vocabulary,
                         grammar_cache_limits limits = {});

  /// The compiled grammar of `source`, which must not be of kind none. Throws
  /// model_error as compile_grammar does.
  std::shared_ptr<const compiled_grammar> get(const grammar_source& source);

  std::size_t size() const;

private:
  struct kept {
    std::string key;
    std::shared_ptr<const compiled_grammar> grammar;
  };
  void shrink();

  trie_maker make_trie_;
  grammar_cache_limits limits_;
  std::once_flag trie_made_;
  std::shared_ptr<const token_trie> trie_;

  mutable std::mutex lock_;
  std::list<kept> order_; // last used first
  std::unordered_map<std::string, std::list<kept>::iterator> known_;
};

} // namespace sluice::device
