// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/native_tokens.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
constexpr double largest_bias = 1e6;
constexpr std::size_t most_biases = 1024;

} // namespace

std::vector<std::int32_t> native_tokens::encode(std::string_view text,
                                                bool add_special,
                                                const std::string& path) const {
  if (!model_.encode)
    refuse(path, "needs the model's tokenizer, which is not there");
  return model_.encode(text, add_special);
}

void native_tokens::read_bias(const json::value& key, const json::value& value,
                              const std::string& path, bias_list& to) const {
  float bias = -std::numeric_limits<float>::infinity();
  if (value.is_number())
    bias = static_cast<float>(
        std::clamp(value.to_number<double>(), -largest_bias, largest_bias));
  else if (!value.is_bool() || value.get_bool())
    refuse(path, "must be a number, or false for a ban", value);
  if (key.is_string())
    for (const auto id : encode(key.get_string(), false, path))
      to.emplace_back(id, bias);
  else
    to.emplace_back(static_cast<std::int32_t>(to_integer(key, path, 0, most)),
                    bias);
  if (to.size() > most_biases)
    refuse(in_.path("logit_bias"),
           "must change at most " + std::to_string(most_biases) + " tokens");
}

// [[id or text, bias or false], ...] or {"id or text": bias or false, ...}.
native_tokens::bias_list native_tokens::biases() const {
  bias_list out;
  const auto* given = in_.find("logit_bias");
  if (given == nullptr)
    return out;
  const auto path = in_.path("logit_bias");
  if (given->is_object()) {
    for (const auto& [key, value] : given->get_object()) {
      std::int64_t id = 0;
      const auto* end = key.data() + key.size();
      const auto [rest, ec] = std::from_chars(key.data(), end, id);
      const bool number = ec == std::errc{} && rest == end;
      read_bias(number ? json::value(id) : json::value(key), value,
                path + "." + std::string{key}, out);
    }
    return out;
  }
  if (!given->is_array())
    refuse(path, "must be an array of pairs or an object", *given);
  const auto& list = given->get_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto at = path + "[" + std::to_string(i) + "]";
    if (!list[i].is_array() || list[i].get_array().size() != 2)
      refuse(at, "must be a pair of a token and its bias", list[i]);
    read_bias(list[i].get_array()[0], list[i].get_array()[1], at, out);
  }
  return out;
}

// Ids with texts among them.
prompt_source native_tokens::read_mixed(const json::array& parts,
                                        const std::string& path) const {
  prompt_source out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto at = path + "[" + std::to_string(i) + "]";
    if (!parts[i].is_string()) {
      out.tokens.push_back(
          static_cast<std::int32_t>(to_integer(parts[i], at, 0, most)));
      continue;
    }
    const auto more = encode(parts[i].get_string(), i == 0, at);
    out.tokens.insert(out.tokens.end(), more.begin(), more.end());
  }
  if (out.tokens.empty())
    refuse(path, "must not be empty");
  const bool known = std::ranges::all_of(out.tokens, [&](std::int32_t id) {
    return model_.vocabulary == 0 || id < model_.vocabulary;
  }); // others are refused later, with the vocabulary's size
  if (known && model_.decode)
    out.text = model_.decode(out.tokens);
  return out;
}

prompt_source native_tokens::read_prompt(const json::value& value,
                                         const std::string& path) const {
  if (value.is_string())
    return {std::string{value.get_string()}, {}};
  if (value.is_array())
    return read_mixed(value.get_array(), path);
  if (!value.is_object())
    refuse(path,
           "must be a string, an array of token ids and strings, an "
           "object with 'prompt_string', or an array of those",
           value);
  const fields inside{value.get_object(), path + "."};
  const auto text = inside.text("prompt_string");
  if (!text)
    refuse(inside.path("prompt_string"), "is required");
  if (const auto* media = inside.array("multimodal_data");
      media != nullptr && !media->empty())
    refuse(inside.path("multimodal_data"), "is not supported");
  return {std::string{*text}, {}};
}

// An array with an id in it is one prompt; any other is a list of prompts.
std::vector<prompt_source>
native_tokens::prompts(std::size_t most_prompts) const {
  const auto path = in_.path("prompt");
  const auto* value = in_.find("prompt");
  if (value == nullptr)
    refuse(path, "is required");
  const auto is_number = [](const json::value& one) { return one.is_number(); };
  if (!value->is_array() || value->get_array().empty()
      || std::ranges::any_of(value->get_array(), is_number)) {
    return {read_prompt(*value, path)};
  }
  const auto& list = value->get_array();
  if (list.size() > most_prompts)
    refuse(path, "must hold at most " + std::to_string(most_prompts)
                     + " prompts, not " + std::to_string(list.size()));
  std::vector<prompt_source> out;
  for (std::size_t i = 0; i < list.size(); ++i)
    out.push_back(read_prompt(list[i], path + "[" + std::to_string(i) + "]"));
  return out;
}

} // namespace sluice::actors
