// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/tokenizer_json.hpp"

#include "device/error.hpp"
#include "device/text/json_file.hpp"
#include "device/text/token_list.hpp"
#include "device/text/tokenizer_stages.hpp"

#include <string>
#include <string_view>

namespace sluice::device {

namespace json = boost::json;

namespace {

/// "left right", or ["left", "right"].
void read_merge(const json_file& file, const json::value& value,
                tokenizer_parts& into) {
  std::string_view left;
  std::string_view right;
  if (const auto* pair = value.if_array()) {
    if (pair->size() != 2)
      file.fail("a merge must have two parts");
    left = file.string((*pair)[0], "a merge");
    right = file.string((*pair)[1], "a merge");
  } else {
    const auto text = file.string(value, "a merge");
    const auto space = text.find(' ', 1);
    if (space == std::string_view::npos)
      file.fail("merge '" + std::string(text)
                + "' is not two tokens with a space between");
    left = text.substr(0, space);
    right = text.substr(space + 1);
  }
  try {
    into.add_merge(left, right);
  } catch (const model_error& error) {
    file.fail(error.what());
  }
}

void refuse_unsupported(const json_file& file, const json::object& model) {
  const auto type = file.text(model, "type", "BPE");
  if (type != "BPE")
    file.fail("model of type '" + std::string(type)
              + "' is not supported; only BPE is");
  for (const auto* key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!file.text(model, key, "").empty())
      file.fail(std::string("model.") + key + " is not supported");
}

/// A rule that cannot be built does not know the file it came from.
void read_rewriting(const json_file& file, const std::filesystem::path& path,
                    tokenizer_parts& parts) {
  try {
    read_normalizer(file, parts);
    read_pre_tokenizer(file, parts);
  } catch (const model_error& error) {
    const std::string what = error.what();
    if (what.starts_with(path.string()))
      throw;
    file.fail(what);
  }
}

} // namespace

tokenizer_parts read_tokenizer_json(const std::filesystem::path& path,
                                    std::size_t rows) {
  const json_file file(path);
  const auto& root = file.object(file.root(), "the file");
  const auto& model = file.object(file.require(root, "model"), "model");
  refuse_unsupported(file, model);
  tokenizer_parts parts;
  const bool bytes = uses_byte_alphabet(file);
  parts.model = bytes ? word_model::byte_pairs : word_model::character_pairs;
  parts.ignore_merges = file.flag(model, "ignore_merges", false);
  parts.byte_fallback = file.flag(model, "byte_fallback", false);
  parts.fuse_unknown = file.flag(model, "fuse_unk", false);
  read_rewriting(file, path, parts);
  const auto& vocab = file.object(file.require(model, "vocab"), "vocab");
  token_list tokens(file, rows, vocab.size());
  tokens.add_words(vocab);
  if (const auto* extra = file.find(root, "added_tokens"))
    for (const auto& item : file.array(*extra, "added_tokens")) {
      const auto& fields = file.object(item, "an added token");
      tokens.add_extra(
          file, fields,
          file.id(file.require(fields, "id"), "an added token's id"), parts);
    }
  parts.words =
      vocabulary(bytes ? spelling::byte_alphabet : spelling::metaspace);
  tokens.fill(parts.words);
  if (!bytes)
    parts.joins = join_filter(parts.words);
  const auto& merges = file.array(file.require(model, "merges"), "merges");
  parts.merges.reserve(merges.size());
  for (const auto& merge : merges)
    read_merge(file, merge, parts);
  if (const auto name = file.text(model, "unk_token", ""); !name.empty())
    parts.unknown = parts.words.find(name);
  read_post_processor(file, parts);
  read_decoder(file, parts);
  return parts;
}

} // namespace sluice::device
