// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What an answer must look like, as a client wrote it: a value that travels
// with the request. The gateway fills it, compile_grammar turns it into an
// automaton. Knows no vocabulary.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::device {

enum class grammar_kind : std::uint8_t {
  none,        ///< anything goes
  json_object, ///< any JSON object; no text
  json_schema, ///< text: a JSON Schema
  regex,       ///< text: a pattern that the whole answer matches
  choice,      ///< text: a JSON array of strings, one of which is the answer
  gbnf,        ///< text: a grammar in llama.cpp's notation
  /// text: a JSON value that puts the kinds above together. A string stands
  /// for itself; an array for its elements in a row; an object is one of
  /// {"json_schema": schema}, {"regex": pattern}, {"any_of": [part, ...]},
  /// {"repeat": part, "min": n, "max": n, "separator": part}.
  structure,
};

struct grammar_source {
  grammar_kind kind = grammar_kind::none;
  std::string text = {};
  /// How errors call it: "response_format.json_schema.schema".
  std::string name = {};

  explicit operator bool() const noexcept { return kind != grammar_kind::none; }
  bool operator==(const grammar_source&) const = default;
};

} // namespace sluice::device
