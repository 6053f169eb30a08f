// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/tokenizer.hpp"

#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "device/text/byte_alphabet.hpp"
#include "device/text/tokenizer_parts.hpp"
#include "device/text/utf8.hpp"

#include <utility>

namespace sluice::device {

struct tokenizer::impl : tokenizer_parts {};

tokenizer::tokenizer(std::unique_ptr<impl> state) : impl_(std::move(state)) {}
tokenizer::~tokenizer() = default;
tokenizer::tokenizer(tokenizer&&) noexcept = default;
tokenizer& tokenizer::operator=(tokenizer&&) noexcept = default;

tokenizer tokenizer::open(const model_files& files) {
  const std::size_t rows = files.config().vocabulary;
  auto parts = files.gguf() != nullptr
                   ? read_gguf_tokenizer(*files.gguf(), rows)
                   : read_folder_tokenizer(files.path(), rows);
  return tokenizer(std::make_unique<impl>(impl{std::move(parts)}));
}

tokenizer tokenizer::from_gguf(const gguf_file& file) {
  return tokenizer(std::make_unique<impl>(impl{read_gguf_tokenizer(file, 0)}));
}

tokenizer tokenizer::from_folder(const std::filesystem::path& folder) {
  return tokenizer(
      std::make_unique<impl>(impl{read_folder_tokenizer(folder, 0)}));
}

std::vector<std::int32_t> tokenizer::encode(std::string_view text,
                                            encode_options options) const {
  std::vector<std::int32_t> out;
  out.reserve(text.size() / 3 + 8);
  if (options.add_special)
    out = impl_->prefix;
  tokenizer_parts::workspace space;
  impl_->raw.split(text, options.parse_special, space.parts);
  for (const auto& part : space.parts) {
    if (part.id >= 0)
      out.push_back(part.id);
    else
      impl_->encode_plain(part.text, part.text.data() == text.data(),
                          options.parse_special, space, out);
  }
  if (options.add_special)
    out.insert(out.end(), impl_->suffix.begin(), impl_->suffix.end());
  return out;
}

void tokenizer_parts::encode_plain(std::string_view text, bool first,
                                   bool parse_special, workspace& space,
                                   std::vector<std::int32_t>& out) const {
  std::string rewritten(text);
  rewrite.apply(rewritten, first);
  if (normalized.empty()) {
    encode_words(rewritten, first, space, out);
    return;
  }
  space.inner.clear();
  normalized.split(rewritten, parse_special, space.inner);
  for (const auto& part : space.inner) {
    if (part.id >= 0) {
      out.push_back(part.id);
      continue;
    }
    space.text = part.text;
    encode_words(space.text, first && part.text.data() == rewritten.data(),
                 space, out);
  }
}

void tokenizer_parts::encode_words(std::string& text, bool first,
                                   workspace& space,
                                   std::vector<std::int32_t>& out) const {
  prepare.apply(text, first);
  if (splits.empty()) {
    encode_word(text, space, out);
    return;
  }
  splits.split(text, space.split);
  for (const auto& word : space.split.words) {
    const auto piece =
        std::string_view(text).substr(word.begin, word.end - word.begin);
    if (!splits.spells()) {
      encode_word(piece, space, out);
      continue;
    }
    space.word.clear();
    unspell_bytes(piece, space.word);
    encode_word(space.word, space, out);
  }
}

void tokenizer_parts::encode_word(std::string_view word, workspace& space,
                                  std::vector<std::int32_t>& out) const {
  if (ignore_merges)
    if (const auto id = words.find_word(word); id >= 0) {
      out.push_back(id);
      return;
    }
  const auto begin = out.size();
  if (model == word_model::byte_pairs) {
    push_bytes(word, out);
    merges.merge(out, begin, space.merge);
    return;
  }
  while (!word.empty()) {
    const auto length = joins.piece(word);
    encode_piece(word.substr(0, length), begin, space, out);
    word.remove_prefix(length);
  }
}

void tokenizer_parts::encode_piece(std::string_view piece,
                                   std::size_t word_begin, workspace& space,
                                   std::vector<std::int32_t>& out) const {
  if (model == word_model::scores) {
    merge_by_score(words, piece, unknown, out, space.score);
    return;
  }
  const auto begin = out.size();
  push_characters(piece, word_begin, out);
  merges.merge(out, begin, space.merge);
}

/// A byte that no token spells becomes the unknown token, or nothing.
void tokenizer_parts::push_bytes(std::string_view word,
                                 std::vector<std::int32_t>& out) const {
  for (const char byte : word) {
    const auto id = words.byte_token(static_cast<unsigned char>(byte));
    if (id >= 0 || unknown >= 0)
      out.push_back(id >= 0 ? id : unknown);
  }
}

void tokenizer_parts::push_characters(std::string_view piece,
                                      std::size_t word_begin,
                                      std::vector<std::int32_t>& out) const {
  while (!piece.empty()) {
    const auto unit = read_utf8(piece);
    const auto character = piece.substr(0, unit.length);
    piece.remove_prefix(unit.length);
    const auto id =
        unit.state == utf8_state::valid ? words.find_word(character) : -1;
    bool bytes = id < 0 && byte_fallback;
    for (const char byte : character)
      bytes = bytes && words.byte_token(static_cast<unsigned char>(byte)) >= 0;
    const bool fused =
        fuse_unknown && out.size() > word_begin && out.back() == unknown;
    if (id >= 0)
      out.push_back(id);
    else if (bytes)
      push_bytes(character, out);
    else if (unknown >= 0 && !fused)
      out.push_back(unknown);
  }
}

std::string tokenizer::decode(std::span<const std::int32_t> ids,
                              bool specials) const {
  std::string text;
  for (const auto id : ids)
    if (impl_->in_range(id) && (specials || !impl_->special(id)))
      text += impl_->words.bytes(static_cast<std::size_t>(id));
  return text;
}

std::string tokenizer::piece(std::int32_t id, bool specials) const {
  return decode(std::span(&id, 1), specials);
}

std::size_t tokenizer::size() const noexcept {
  return impl_->words.size();
}

bool tokenizer_parts::special(std::int32_t id) const noexcept {
  const auto kind = words.kind(static_cast<std::size_t>(id));
  return kind == token_kind::control || kind == token_kind::unknown;
}

bool tokenizer::is_special(std::int32_t id) const noexcept {
  return impl_->in_range(id) && impl_->special(id);
}

std::optional<std::int32_t> tokenizer::find(std::string_view token) const {
  const auto id = impl_->words.find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::optional<std::int32_t> tokenizer::bos() const noexcept {
  return impl_->bos;
}

std::optional<std::int32_t> tokenizer::eos() const noexcept {
  return impl_->eos;
}

bool tokenizer::adds_bos() const noexcept {
  return impl_->bos && !impl_->prefix.empty()
         && impl_->prefix.front() == *impl_->bos;
}

bool tokenizer::drops_leading_space() const noexcept {
  return impl_->drops_leading_space;
}

std::string_view tokenizer::token_text(std::int32_t id) const {
  return impl_->in_range(id) ? impl_->words.text(static_cast<std::size_t>(id))
                             : std::string_view();
}

const std::string& tokenizer::chat_template() const noexcept {
  return impl_->chat_template;
}

void tokenizer_parts::add_merge(std::string_view left, std::string_view right) {
  // Words are looked up as bytes, or as spelled where that is their text.
  std::string whole;
  std::size_t split = left.size();
  const bool spelled =
      words.style() == spelling::byte_alphabet && unspell_bytes(left, whole);
  split = spelled ? whole.size() : left.size();
  if (!spelled || !unspell_bytes(right, whole)) {
    whole = left;
    whole += right;
    split = left.size();
  }
  const std::string_view text = whole;
  const auto first = words.find_word(text.substr(0, split));
  const auto second = words.find_word(text.substr(split));
  const auto result = words.find_word(text);
  if (first < 0 || second < 0 || result < 0) {
    const std::string both = std::string(left) + std::string(right);
    const auto missing = first < 0    ? std::string(left)
                         : second < 0 ? std::string(right)
                                      : both;
    throw model_error("merge " + std::to_string(merge_count) + " ('"
                      + std::string(left) + "' + '" + std::string(right)
                      + "') needs the token '" + missing
                      + "', which the vocabulary lacks");
  }
  merges.add(first, second, {merge_count++, result});
}

void tokenizer_parts::add_by_kind(std::int32_t id) {
  const auto at = static_cast<std::size_t>(id);
  const auto kind = words.kind(at);
  if (kind == token_kind::control || kind == token_kind::unknown)
    raw.add(words.text(at), {.id = id, .special = true});
  else if (kind == token_kind::user_defined)
    raw.add(words.bytes(at), {.id = id});
}

} // namespace sluice::device
