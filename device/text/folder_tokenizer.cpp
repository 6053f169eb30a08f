// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "device/text/tokenizer_json.hpp"
#include "device/text/tokenizer_parts.hpp"
#include "device/text/vocab_and_merges.hpp"

#include <fstream>
#include <iterator>

namespace sluice::device {

namespace {

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
