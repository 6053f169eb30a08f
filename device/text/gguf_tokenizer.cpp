// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "device/files/gguf.hpp"
#include "device/text/tokenizer_parts.hpp"

#include <utility>

namespace sluice::device {

namespace {

/// One file's metadata while it becomes a tokenizer.
class gguf_reader {
public:
  gguf_reader(const gguf_file& file, std::size_t vocabulary)
      : file_(file), rows_(vocabulary) {}

  tokenizer_parts read() {
    const auto model = file_.find_string("tokenizer.ggml.model");
    if (!model)
      fail("has no tokenizer (tokenizer.ggml.model is missing): convert the "
           "model again with its tokenizer files");
    if (*model == "gpt2")
      read_byte_pairs();
    else if (*model == "llama")
      read_scores();
    else
      fail("tokenizer.ggml.model is '" + std::string(*model)
           + "'; known are 'gpt2' (byte-level BPE) and 'llama' "
             "(sentencepiece BPE)");
    read_special_ids();
    if (const auto source = file_.find_string("tokenizer.chat_template"))
      parts_.chat_template = *source;
    return std::move(parts_);
  }

private:
  [[noreturn]] void fail(const std::string& what) const {
    throw model_error(file_.path().string() + ": " + what);
  }

  void read_byte_pairs() {
    parts_.model = word_model::byte_pairs;
    const auto pre = file_.find_string("tokenizer.ggml.pre").value_or("");
    try {
      auto named = find_pretokenizer(pre);
      parts_.splits = std::move(named.splits);
      parts_.ignore_merges = named.ignore_merges;
      add_bos_ = named.add_bos;
    } catch (const model_error& error) {
      fail(std::string("tokenizer.ggml.pre: ") + error.what());
    }
    read_tokens(spelling::byte_alphabet);
    const auto merges = file_.find_strings("tokenizer.ggml.merges");
    if (merges.empty())
      fail("tokenizer.ggml.merges is missing or empty");
    parts_.merges.reserve(merges.size());
    for (const auto merge : merges) {
      const auto space = merge.find(' ', 1);
      if (space == std::string_view::npos)
        fail("tokenizer.ggml.merges: '" + std::string(merge)
             + "' is not two tokens with a space between");
      try {
        parts_.add_merge(merge.substr(0, space), merge.substr(space + 1));
      } catch (const model_error& error) {
        fail(std::string("tokenizer.ggml.merges: ") + error.what());
      }
    }
  }

  void read_scores() {
    parts_.model = word_model::scores;
    add_bos_ = true;
    read_tokens(spelling::metaspace);
    parts_.joins = join_filter(parts_.words);
    const bool prefix =
        file_.find_bool("tokenizer.ggml.add_space_prefix").value_or(true);
    if (prefix)
      parts_.rewrite.add(prepend_rule{std::string(metaspace_character)});
    parts_.rewrite.add(replace_rule{" ", std::string(metaspace_character)});
    parts_.drops_leading_space = prefix;
  }

  void read_tokens(spelling style) {
    const auto tokens = file_.find_strings("tokenizer.ggml.tokens");
    if (tokens.empty())
      fail("tokenizer.ggml.tokens is missing or empty");
    if (rows_ != 0 && tokens.size() != rows_)
      fail("tokenizer.ggml.tokens has " + std::to_string(tokens.size())
           + " tokens, but the model's vocabulary is " + std::to_string(rows_));
    const auto types = file_.find_ints("tokenizer.ggml.token_type");
    check_size("tokenizer.ggml.token_type", types.size(), tokens.size());
    const auto scores = file_.find_floats("tokenizer.ggml.scores");
    check_size("tokenizer.ggml.scores", scores.size(), tokens.size());
    if (style == spelling::metaspace && scores.empty())
      fail("tokenizer.ggml.scores is missing");
    std::size_t bytes = 0;
    for (const auto token : tokens)
      bytes += token.size();
    parts_.words = vocabulary(style);
    parts_.words.reserve(tokens.size(), bytes);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto id = static_cast<std::int32_t>(i);
      const auto kind = types.empty() ? token_kind::normal : kind_of(types[i]);
      const auto score = scores.empty() ? 0.0f : static_cast<float>(scores[i]);
      if (const auto held = parts_.words.add(tokens[i], kind, score);
          held != id)
        fail("tokenizer.ggml.tokens: ids " + std::to_string(held) + " and "
             + std::to_string(id) + " are the same token '"
             + std::string(tokens[i]) + "'");
      parts_.add_by_kind(id);
    }
  }

  static token_kind kind_of(std::int64_t type) {
    return type >= 2 && type <= 6 ? static_cast<token_kind>(type)
                                  : token_kind::normal;
  }

  void check_size(const char* key, std::size_t size, std::size_t tokens) const {
    if (size != 0 && size != tokens)
      fail(std::string(key) + " has " + std::to_string(size) + " entries for "
           + std::to_string(tokens) + " tokens");
  }

  void read_special_ids() {
    parts_.bos = special_id("tokenizer.ggml.bos_token_id");
    parts_.eos = special_id("tokenizer.ggml.eos_token_id");
    parts_.unknown = special_id("tokenizer.ggml.unknown_token_id").value_or(-1);
    // Sentencepiece's own numbering, for files that do not say.
    if (parts_.model == word_model::scores && parts_.words.size() > 2) {
      if (parts_.unknown < 0)
        parts_.unknown = 0;
      parts_.bos = parts_.bos.value_or(1);
      parts_.eos = parts_.eos.value_or(2);
    }
    if (file_.find_bool("tokenizer.ggml.add_bos_token").value_or(add_bos_)
        && parts_.bos)
      parts_.prefix.push_back(*parts_.bos);
    if (file_.find_bool("tokenizer.ggml.add_eos_token").value_or(false)
        && parts_.eos)
      parts_.suffix.push_back(*parts_.eos);
  }

  std::optional<std::int32_t> special_id(const char* key) const {
    const auto id = file_.find_uint(key);
    if (!id)
      return std::nullopt;
    if (*id >= parts_.words.size())
      fail(std::string(key) + " is " + std::to_string(*id)
           + ", but there are only " + std::to_string(parts_.words.size())
           + " tokens");
    return static_cast<std::int32_t>(*id);
  }

  const gguf_file& file_;
  std::size_t rows_;
  tokenizer_parts parts_;
  bool add_bos_ = false;
};

} // namespace

tokenizer_parts read_gguf_tokenizer(const gguf_file& file,
                                    std::size_t vocabulary) {
  return gguf_reader(file, vocabulary).read();
}

} // namespace sluice::device
