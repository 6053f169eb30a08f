// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/vocab_and_merges.hpp"

#include "device/error.hpp"
#include "device/files/mapped_file.hpp"
#include "device/text/token_list.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::device {

namespace json = boost::json;

namespace {

/// Slow tokenizers do not say how they rewrite and cut text; their class does.
void read_class(std::string_view name, tokenizer_parts& into) {
  const bool qwen = name.starts_with("Qwen2");
  into.splits = find_pretokenizer(qwen ? "qwen2" : "gpt-2").splits;
  if (qwen)
    into.rewrite.add(nfc_rule{});
}

void read_merges_text(const std::filesystem::path& path,
                      tokenizer_parts& into) {
  const mapped_file file(path);
  std::string_view rest(reinterpret_cast<const char*>(file.bytes().data()),
                        file.bytes().size());
  const auto fail = [&](const std::string& what) {
    throw model_error(path.string() + ": " + what);
  };
  into.merges.reserve(
      static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n')));
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line.empty() || line.starts_with("#version"))
      continue;
    const auto space = line.find(' ', 1);
    if (space == std::string_view::npos)
      fail("line '" + std::string(line)
           + "' is not two tokens with a space between");
    try {
      into.add_merge(line.substr(0, space), line.substr(space + 1));
    } catch (const model_error& error) {
      fail(error.what());
    }
  }
}

} // namespace

tokenizer_parts read_vocab_and_merges(const std::filesystem::path& folder,
                                      const json_file* config,
                                      std::size_t rows) {
  const json_file file(folder / "vocab.json");
  tokenizer_parts parts;
  parts.model = word_model::byte_pairs;
  const auto& vocab = file.object(file.root(), "the file");
  token_list tokens(file, rows, vocab.size());
  tokens.add_words(vocab);
  if (config == nullptr) {
    read_class("", parts);
  } else {
    const auto& fields = config->object(config->root(), "the file");
    read_class(config->text(fields, "tokenizer_class", ""), parts);
    if (const auto* extra = config->find(fields, "added_tokens_decoder"))
      for (const auto& [key, value] :
           config->object(*extra, "added_tokens_decoder")) {
        std::int32_t id = -1;
        const auto [end, error] =
            std::from_chars(key.data(), key.data() + key.size(), id);
        if (error != std::errc() || end != key.data() + key.size() || id < 0)
          config->fail("added_tokens_decoder: '" + std::string(key)
                       + "' is not a token id");
        tokens.add_extra(*config, config->object(value, key), id, parts);
      }
  }
  tokens.fill(parts.words);
  read_merges_text(folder / "merges.txt", parts);
  return parts;
}

} // namespace sluice::device
