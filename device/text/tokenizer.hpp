// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Text to token ids and back: byte-level BPE and sentencepiece BPE, from GGUF
// metadata or from tokenizer.json (vocab.json + merges.txt too). Immutable and
// thread-safe once opened. Knows no chat template and no model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

class gguf_file;
class model_files;

/// How text becomes ids.
struct encode_options {
  bool add_special = true;   ///< add BOS/EOS where the model's files say so
  bool parse_special = true; ///< "<|end|>" in the text is the special token
};

class tokenizer {
public:
  /// From a model: its GGUF metadata, or tokenizer.json beside config.json.
  /// Throws model_error naming the file and what is missing or unknown.
  static tokenizer open(const model_files& files);
  static tokenizer from_gguf(const gguf_file& file);
  /// A folder with tokenizer.json, or vocab.json + merges.txt, and optionally
  /// tokenizer_config.json.
  static tokenizer from_folder(const std::filesystem::path& folder);

  ~tokenizer();
  tokenizer(tokenizer&&) noexcept;
  tokenizer& operator=(tokenizer&&) noexcept;

  /// Broken UTF-8 never fails: byte-level vocabularies keep every byte, others
  /// have byte tokens for it, or the unknown token. Throws model_error only
  /// when the file's own pattern explodes on this text.
  std::vector<std::int32_t> encode(std::string_view text,
                                   encode_options options = {}) const;

  /// Bytes of all ids; special tokens only when `specials`. Invalid UTF-8
  /// stays as it is: see detokenizer for text that is shown.
  std::string decode(std::span<const std::int32_t> ids,
                     bool specials = false) const;
  /// The bytes one id stands for; empty for special ids unless `specials`, and
  /// for ids out of range.
  std::string piece(std::int32_t id, bool specials = false) const;

  std::size_t size() const noexcept; ///< vocabulary
  bool is_special(std::int32_t id) const noexcept;
  std::optional<std::int32_t> find(std::string_view token) const;
  std::optional<std::int32_t> bos() const noexcept;
  std::optional<std::int32_t> eos() const noexcept;
  bool adds_bos() const noexcept;
  /// Sentencepiece vocabularies that put a space before every text: the one
  /// that begins a decoded text is not part of it.
  bool drops_leading_space() const noexcept;
  /// The token's text as the vocabulary spells it ("<|end|>"); "" if none.
  std::string_view token_text(std::int32_t id) const;
  /// The chat template that came with the vocabulary, or empty.
  const std::string& chat_template() const noexcept;

private:
  struct impl;
  explicit tokenizer(std::unique_ptr<impl> state);
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::device
