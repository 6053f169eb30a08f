// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The tokens of a Hugging Face folder by id, before they go into the vocabulary
// in order. Used by the readers of tokenizer.json and of vocab.json; refuses
// ids that clash or that the model has no row for.
#pragma once

#include "device/text/json_file.hpp"
#include "device/text/tokenizer_parts.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Texts point into the file, which must outlive the list.
class token_list {
public:
  /// `rows`: of the model's embedding, 0 if not known; `expected`: how many
  /// tokens the file lists, which bounds how far ids may lie apart.
  token_list(const json_file& file, std::size_t rows, std::size_t expected)
      : file_(file), rows_(rows), limit_(expected * 4 + 65536) {}

  /// Adds {"token": id, ...}, the model's own vocabulary.
  void add_words(const boost::json::object& vocabulary);
  /// {"content": ..., "lstrip": ...} of `from` as a token, and into one of the
  /// two finders of `into`. Left out if the model has no row for it.
  void add_extra(const json_file& from, const boost::json::object& fields,
                 std::int32_t id, tokenizer_parts& into);

  void fill(vocabulary& words) const;

private:
  struct entry {
    std::string_view text;
    token_kind kind = token_kind::normal;
  };

  bool has(std::string_view text, std::int32_t id) const;
  bool place_extra(std::string_view text, std::int32_t id, bool special);
  entry& place(std::string_view text, std::int32_t id);

  const json_file& file_;
  std::size_t rows_;
  std::size_t limit_;
  std::vector<entry> entries_;
};

} // namespace sluice::device
