// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "device/files/mapped_file.hpp"
#include "device/text/tokenizer_json.hpp"
#include "device/text/tokenizer_parts.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

namespace sluice::device {

namespace json = boost::json;

namespace {

/// Tokens by id, before they go into the vocabulary in order.
class token_list {
public:
  struct entry {
    std::string_view text;
    token_kind kind = token_kind::normal;
  };

  token_list(const json_file& file, std::size_t rows, std::size_t expected)
      : file_(file), rows_(rows), limit_(expected * 4 + 65536) {}

  /// A token of the model's own vocabulary.
  void add_word(std::string_view text, std::int32_t id) {
    if (rows_ != 0 && static_cast<std::size_t>(id) >= rows_)
      file_.fail("token '" + std::string(text) + "' has id "
                 + std::to_string(id) + ", but the model's vocabulary is "
                 + std::to_string(rows_));
    place(text, id).text = text;
  }

  /// Whether the model's vocabulary has this token already.
  bool has(std::string_view text, std::int32_t id) const {
    const auto at = static_cast<std::size_t>(id);
    return at < entries_.size() && entries_[at].text == text;
  }

  /// False if the model has no row for it.
  bool add_extra(std::string_view text, std::int32_t id, bool special) {
    if (rows_ != 0 && static_cast<std::size_t>(id) >= rows_)
      return false;
    // One that the vocabulary has stays a word: merges may lead to it.
    const auto kind = special         ? token_kind::control
                      : has(text, id) ? token_kind::normal
                                      : token_kind::user_defined;
    place(text, id) = {text, kind};
    return true;
  }

  void fill(vocabulary& words) const {
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

private:
  entry& place(std::string_view text, std::int32_t id) {
    const auto at = static_cast<std::size_t>(id);
    if (at >= limit_)
      file_.fail("token '" + std::string(text) + "' has id "
                 + std::to_string(id) + ", far beyond the number of tokens");
    if (at >= entries_.size())
      entries_.resize(at + 1);
    if (!entries_[at].text.empty() && entries_[at].text != text)
      file_.fail("id " + std::to_string(id) + " is both '"
                 + std::string(entries_[at].text) + "' and '"
                 + std::string(text) + "'");
    return entries_[at];
  }

  const json_file& file_;
  std::size_t rows_;
  std::size_t limit_;
  std::vector<entry> entries_;
};

/// {"content": ..., "lstrip": ...} into one of the two finders.
void add_extra_token(const json_file& file, const json::object& fields,
                     std::int32_t id, token_list& tokens,
                     tokenizer_parts& into) {
  const auto text = file.string(file.require(fields, "content"), "content");
  const bool special = file.flag(fields, "special", false);
  if (!tokens.add_extra(text, id, special))
    return;
  const added_token token{.id = id,
                          .special = special,
                          .single_word =
                              file.flag(fields, "single_word", false),
                          .lstrip = file.flag(fields, "lstrip", false),
                          .rstrip = file.flag(fields, "rstrip", false)};
  if (into.rewrite.empty() || !file.flag(fields, "normalized", !special)) {
    into.raw.add(text, token);
    return;
  }
  // Found in normalized text, so its own text is normalized as well.
  std::string rewritten(text);
  into.rewrite.apply(rewritten, true);
  into.normalized.add(rewritten, token);
}

void read_vocabulary(const json_file& file, const json::object& vocabulary,
                     token_list& tokens) {
  for (const auto& [key, value] : vocabulary) {
    const std::string_view text(key.data(), key.size());
    tokens.add_word(
        text, file.id(value, "the id of token '" + std::string(text) + "'"));
  }
}

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
  try {
    read_normalizer(file, parts);
    read_pre_tokenizer(file, parts);
  } catch (const model_error& error) {
    const std::string what = error.what();
    if (what.starts_with(path.string()))
      throw;
    file.fail(what);
  }
  const auto& vocab = file.object(file.require(model, "vocab"), "vocab");
  token_list tokens(file, rows, vocab.size());
  read_vocabulary(file, vocab, tokens);
  if (const auto* extra = file.find(root, "added_tokens"))
    for (const auto& item : file.array(*extra, "added_tokens")) {
      const auto& fields = file.object(item, "an added token");
      add_extra_token(
          file, fields,
          file.id(file.require(fields, "id"), "an added token's id"), tokens,
          parts);
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

tokenizer_parts read_vocab_and_merges(const std::filesystem::path& folder,
                                      const json_file* config,
                                      std::size_t rows) {
  const json_file file(folder / "vocab.json");
  tokenizer_parts parts;
  parts.model = word_model::byte_pairs;
  const auto& vocab = file.object(file.root(), "the file");
  token_list tokens(file, rows, vocab.size());
  read_vocabulary(file, vocab, tokens);
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
        add_extra_token(*config, config->object(value, key), id, tokens, parts);
      }
  }
  tokens.fill(parts.words);
  read_merges_text(folder / "merges.txt", parts);
  return parts;
}

/// "bos_token": a string, or {"content": ...}. -1 if none.
std::optional<std::int32_t> named_token(const json_file& config,
                                        const char* key,
                                        const tokenizer_parts& parts) {
  const auto& fields = config.object(config.root(), "the file");
  const auto* value = config.find(fields, key);
  if (value == nullptr)
    return std::nullopt;
  const auto text =
      value->is_object()
          ? config.string(config.require(value->get_object(), "content"), key)
          : config.string(*value, key);
  const auto id = parts.words.find(text);
  return id < 0 ? std::nullopt : std::optional(id);
}

/// A string, or a list of {"name", "template"} with one named "default".
void read_chat_template(const json_file& config, tokenizer_parts& into) {
  const auto& fields = config.object(config.root(), "the file");
  const auto* value = config.find(fields, "chat_template");
  if (value == nullptr)
    return;
  if (value->is_string()) {
    into.chat_template = config.string(*value, "chat_template");
    return;
  }
  for (const auto& item : config.array(*value, "chat_template")) {
    const auto& entry = config.object(item, "an entry of chat_template");
    if (config.text(entry, "name", "") == "default")
      into.chat_template = config.text(entry, "template", "");
  }
}

/// What the config says outweighs the post_processor: it is what the model's
/// maker edits last.
void apply_flags(const json_file& config, tokenizer_parts& into) {
  const auto& fields = config.object(config.root(), "the file");
  if (config.find(fields, "add_bos_token") != nullptr && into.bos) {
    const bool there = !into.prefix.empty() && into.prefix.front() == *into.bos;
    const bool wanted = config.flag(fields, "add_bos_token", false);
    if (wanted && !there)
      into.prefix.insert(into.prefix.begin(), *into.bos);
    if (!wanted && there)
      into.prefix.erase(into.prefix.begin());
  }
  if (config.find(fields, "add_eos_token") != nullptr && into.eos) {
    const bool there = !into.suffix.empty() && into.suffix.back() == *into.eos;
    const bool wanted = config.flag(fields, "add_eos_token", false);
    if (wanted && !there)
      into.suffix.push_back(*into.eos);
    if (!wanted && there)
      into.suffix.pop_back();
  }
}

} // namespace

tokenizer_parts read_folder_tokenizer(const std::filesystem::path& folder,
                                      std::size_t vocabulary) {
  namespace fs = std::filesystem;
  std::optional<json_file> config;
  if (fs::exists(folder / "tokenizer_config.json"))
    config.emplace(folder / "tokenizer_config.json");
  tokenizer_parts parts;
  if (fs::exists(folder / "tokenizer.json"))
    parts = read_tokenizer_json(folder / "tokenizer.json", vocabulary);
  else if (fs::exists(folder / "vocab.json")
           && fs::exists(folder / "merges.txt"))
    parts =
        read_vocab_and_merges(folder, config ? &*config : nullptr, vocabulary);
  else
    throw model_error(folder.string()
                      + ": has no tokenizer: put tokenizer.json, or vocab.json "
                        "and merges.txt, beside config.json");
  if (config) {
    parts.bos = named_token(*config, "bos_token", parts);
    parts.eos = named_token(*config, "eos_token", parts);
    read_chat_template(*config, parts);
    apply_flags(*config, parts);
  }
  if (fs::exists(folder / "chat_template.jinja")) {
    std::ifstream file(folder / "chat_template.jinja", std::ios::binary);
    parts.chat_template.assign(std::istreambuf_iterator<char>(file), {});
  }
  return parts;
}

} // namespace sluice::device
