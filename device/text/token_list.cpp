// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/token_list.hpp"

#include <string>

namespace sluice::device {

namespace json = boost::json;

void token_list::add_words(const json::object& vocabulary) {
  for (const auto& [key, value] : vocabulary) {
    const std::string_view text(key.data(), key.size());
    const auto id =
        file_.id(value, "the id of token '" + std::string(text) + "'");
    if (rows_ != 0 && static_cast<std::size_t>(id) >= rows_)
      file_.fail("token '" + std::string(text) + "' has id "
                 + std::to_string(id) + ", but the model's vocabulary is "
                 + std::to_string(rows_));
    place(text, id).text = text;
  }
}

void token_list::add_extra(const json_file& from, const json::object& fields,
                           std::int32_t id, tokenizer_parts& into) {
  const auto text = from.string(from.require(fields, "content"), "content");
  const bool special = from.flag(fields, "special", false);
  if (!place_extra(text, id, special))
    return;
  const added_token token{.id = id,
                          .special = special,
                          .single_word =
                              from.flag(fields, "single_word", false),
                          .lstrip = from.flag(fields, "lstrip", false),
                          .rstrip = from.flag(fields, "rstrip", false)};
  if (into.rewrite.empty() || !from.flag(fields, "normalized", !special)) {
    into.raw.add(text, token);
    return;
  }
  // Found in normalized text, so its own text is normalized as well.
  std::string rewritten(text);
  into.rewrite.apply(rewritten, true);
  into.normalized.add(rewritten, token);
}

bool token_list::has(std::string_view text, std::int32_t id) const {
  const auto at = static_cast<std::size_t>(id);
  return at < entries_.size() && entries_[at].text == text;
}

bool token_list::place_extra(std::string_view text, std::int32_t id,
                             bool special) {
  if (rows_ != 0 && static_cast<std::size_t>(id) >= rows_)
    return false;
  // One that the vocabulary has stays a word: merges may lead to it.
  const auto kind = special         ? token_kind::control
                    : has(text, id) ? token_kind::normal
                                    : token_kind::user_defined;
  place(text, id) = {text, kind};
  return true;
}

void token_list::fill(vocabulary& words) const {
  std::size_t bytes = 0;
  for (const auto& token : entries_)
    bytes += token.text.size();
  words.reserve(entries_.size(), bytes);
  for (const auto& token : entries_) {
    const auto id = static_cast<std::int32_t>(words.size());
    if (const auto held = words.add(token.text, token.kind); held != id)
      file_.fail("ids " + std::to_string(held) + " and " + std::to_string(id)
                 + " are the same token '" + std::string(token.text) + "'");
  }
}

token_list::entry& token_list::place(std::string_view text, std::int32_t id) {
  const auto at = static_cast<std::size_t>(id);
  if (at >= limit_)
    file_.fail("token '" + std::string(text) + "' has id " + std::to_string(id)
               + ", far beyond the number of tokens");
  if (at >= entries_.size())
    entries_.resize(at + 1);
  if (!entries_[at].text.empty() && entries_[at].text != text)
    file_.fail("id " + std::to_string(id) + " is both '"
               + std::string(entries_[at].text) + "' and '" + std::string(text)
               + "'");
  return entries_[at];
}

} // namespace sluice::device
