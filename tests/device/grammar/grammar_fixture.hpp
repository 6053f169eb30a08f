// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the grammar tests share: vocabularies, compiling from a text, and asking
// whether a document belongs to a grammar. Used by tests only.
#pragma once

#include "device/error.hpp"
#include "device/grammar/compile.hpp"
#include "device/grammar/grammar_state.hpp"
#include "device/text/tokenizer.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace grammar_fixture {

using namespace sluice::device;

/// Every byte is a token; some words and two tokens without content follow.
inline std::shared_ptr<const token_trie> byte_vocabulary() {
  static const auto made = [] {
    std::vector<std::string> pieces;
    for (int byte = 0; byte < 256; ++byte)
      pieces.emplace_back(1, static_cast<char>(byte));
    for (const char* word :
         {"\"", "\":",  "\",",  "{\"",      "\"}",    "}}", "]}",
          "ab", "abc",  "bc",   "aa",       "aaaa",   "10", "123",
          ".5", "true", "null", "\xC3\xA9", "\xA9\"", " a"})
      pieces.emplace_back(word);
    pieces.emplace_back();
    pieces.emplace_back();
    return std::make_shared<const token_trie>(std::move(pieces));
  }();
  return made;
}

/// The bundled model's 8192 tokens.
inline std::shared_ptr<const token_trie> edge_vocabulary() {
  static const auto made = std::make_shared<const token_trie>(
      tokenizer::from_folder("tests/data/models/edge-tokenizer"));
  return made;
}

inline std::shared_ptr<const compiled_grammar>
compile(grammar_kind kind, std::string text,
        std::shared_ptr<const token_trie> vocabulary = byte_vocabulary()) {
  return compile_grammar({kind, std::move(text), {}}, std::move(vocabulary));
}

/// Whether `document` is whole and right.
inline bool accepts(const std::shared_ptr<const compiled_grammar>& grammar,
                    std::string_view document) {
  grammar_state state{grammar};
  return state.accept(document) && state.may_end();
}

inline std::string error_of(grammar_kind kind, std::string text) {
  try {
    compile(kind, std::move(text));
  } catch (const model_error& error) {
    return error.what();
  }
  return "";
}

inline std::vector<std::uint64_t> mask_of(const grammar_state& state) {
  std::vector<std::uint64_t> bits((state.grammar().trie().vocabulary() + 63)
                                  / 64);
  state.mask(bits);
  return bits;
}

inline bool has(const std::vector<std::uint64_t>& bits, std::size_t id) {
  return (bits[id / 64] >> (id % 64) & 1) != 0;
}

} // namespace grammar_fixture
