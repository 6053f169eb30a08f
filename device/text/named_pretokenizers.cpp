// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "device/text/pretokenizer.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace sluice::device {

namespace {

// The patterns are those that the models' makers publish in tokenizer.json.
#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define BREAKS "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"

constexpr const char* gpt2 =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
    "|\\s+(?!\\S)|\\s+";
constexpr const char* llama3 =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                 "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BREAKS;
constexpr const char* qwen2 =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
                 "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BREAKS;
constexpr const char* qwen35 =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
                 "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" BREAKS;
constexpr const char* tekken =
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+"
    "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*"
    "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" BREAKS;
constexpr const char* gpt4o =
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS "?"
    "|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" CONTRACTIONS "?"
    "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" BREAKS;
constexpr const char* deepseek3 =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" BREAKS;
constexpr const char* bailing =
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}"
    "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
constexpr const char* seed_coder =
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
                 "| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" BREAKS;
constexpr const char* han_and_kana = "[一-龥぀-ゟ゠-ヿ]+";
constexpr const char* bloom = " ?[^(\\s|.,!?…。，、।۔،)]+";

#undef CONTRACTIONS
#undef BREAKS
#undef UPPER
#undef LOWER

struct entry {
  std::string_view name;
  std::array<const char*, 5> patterns; ///< null where fewer
  bool ignore_merges = false;
  bool add_bos = false;
};

constexpr entry entries[] = {
    {"default", {"[\\p{P}\\$\\+<=>\\^~\\|]+", gpt2, "\\p{N}+", "[0-9]{3}"}},
    {"gpt-2", {gpt2}},
    {"phi-2", {gpt2}},
    {"mpt", {gpt2}},
    {"olmo", {gpt2}},
    {"exaone4", {gpt2}},
    {"gigachat", {gpt2}},
    {"mellum", {gpt2}},
    {"trillion", {gpt2}},
    {"granite-docling", {gpt2}},
    {"llama-bpe", {llama3}, true, true},
    {"llama3", {llama3}, true, true},
    {"llama-v3", {llama3}, true, true},
    {"falcon3", {llama3}, true, true},
    {"falcon-h1", {llama3}, true, true},
    {"pixtral", {llama3}, true, true},
    {"lfm2", {llama3}, true, true},
    {"dbrx", {llama3}},
    {"smaug-bpe", {llama3}},
    {"glm4", {llama3}},
    {"chatglm-bpe", {llama3}},
    {"qwen2", {qwen2}},
    {"deepseek-r1-qwen", {qwen2}},
    {"stablelm2", {qwen2}},
    {"hunyuan", {qwen2}},
    {"megrez", {qwen2}},
    {"grok-2", {qwen2}},
    {"qwen35", {qwen35}},
    {"falcon", {"[\\p{P}\\$\\+<=>\\^~\\|`]+", gpt2, "[0-9]{3}"}},
    {"starcoder", {"\\p{N}", gpt2}},
    {"refact", {"\\p{N}", gpt2}},
    {"command-r", {"\\p{N}", gpt2}},
    {"smollm", {"\\p{N}", gpt2}},
    {"codeshell", {"\\p{N}", gpt2}},
    {"exaone", {"\\p{N}", gpt2}},
    {"minerva-7b", {"\\p{N}", gpt2}},
    {"tekken", {tekken}, true, true},
    {"gpt-4o", {gpt4o}},
    {"llama4", {gpt4o}},
    {"minimax-m2", {gpt4o}},
    {"deepseek-coder",
     {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-퟿]+",
      "\\p{N}"}},
    {"deepseek-v3", {"\\p{N}{1,3}", han_and_kana, deepseek3}},
    {"hunyuan-dense", {"\\p{N}{1,3}", han_and_kana, deepseek3}},
    {"bailingmoe", {bailing}},
    {"bailingmoe2", {bailing}},
    {"llada-moe", {bailing}},
    {"seed-coder", {seed_coder}},
    {"poro-chat", {bloom}},
    {"bloom", {bloom}},
    {"gpt3-finnish", {bloom}},
    {"viking", {bloom, "\\p{N}"}},
};

std::string known_names() {
  std::string names;
  for (const auto& known : entries)
    names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

} // namespace

named_pretokenizer find_pretokenizer(std::string_view name) {
  if (name.empty())
    name = "default";
  const auto* found =
      std::find_if(std::begin(entries), std::end(entries),
                   [&](const entry& known) { return known.name == name; });
  if (found == std::end(entries))
    throw model_error("unknown pretokenizer '" + std::string(name)
                      + "' (known: " + known_names() + ")");
  named_pretokenizer result;
  for (const char* pattern : found->patterns)
    if (pattern != nullptr)
      result.splits.add_split(regex(pattern));
  result.ignore_merges = found->ignore_merges;
  result.add_bos = found->add_bos;
  return result;
}

} // namespace sluice::device
