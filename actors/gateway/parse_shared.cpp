// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What both generating endpoints have in common.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::int64_t most_tokens = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t most_stops = 16;
constexpr std::size_t longest_stop = 1024; // bytes
constexpr std::size_t most_biases = 1024;
constexpr std::size_t most_listed = 16384;    // token ids
constexpr double longest_timeout = 24 * 3600; // seconds

std::string stop_text(const json::value& value, std::string_view path) {
  if (!value.is_string())
    refuse(path, "must be a string", value);
  const auto& text = value.get_string();
  if (text.empty())
    refuse(path, "must not be empty");
  if (text.size() > longest_stop)
    refuse(path, "must not be longer than " + std::to_string(longest_stop)
                     + " bytes");
  return std::string{text};
}

void read_stop(const fields& in, api_request& out) {
  const auto* value = in.find("stop");
  if (value == nullptr)
    return;
  const auto path = in.path("stop");
  if (value->is_string()) {
    out.stop.push_back(stop_text(*value, path));
    return;
  }
  if (!value->is_array())
    refuse(path, "must be a string or an array of strings", *value);
  const auto& list = value->get_array();
  if (list.size() > most_stops)
    refuse(path, "must hold at most " + std::to_string(most_stops)
                     + " strings, not " + std::to_string(list.size()));
  for (std::size_t i = 0; i < list.size(); ++i)
    out.stop.push_back(
        stop_text(list[i], path + "[" + std::to_string(i) + "]"));
}

void read_logit_bias(const fields& in, api_request& out) {
  const auto* map = in.object("logit_bias");
  if (map == nullptr)
    return;
  const auto path = in.path("logit_bias");
  if (map->size() > most_biases)
    refuse(path, "must hold at most " + std::to_string(most_biases)
                     + " tokens, not " + std::to_string(map->size()));
  for (const auto& [key, value] : *map) {
    std::int32_t id = 0;
    const auto* end = key.data() + key.size();
    const auto [rest, ec] = std::from_chars(key.data(), end, id);
    if (ec != std::errc{} || rest != end || id < 0)
      refuse(path, "must map token ids to numbers; '" + std::string{key}
                       + "' is not an id");
    const fields entry{*map, path + "."};
    out.sampling.logit_bias.emplace_back(
        id, static_cast<float>(entry.number(key, -100, 100).value_or(0)));
  }
}

std::vector<std::int32_t> read_token_list(const fields& in, const char* name) {
  std::vector<std::int32_t> out;
  const auto* list = in.array(name);
  if (list == nullptr)
    return out;
  const auto path = in.path(name);
  if (list->size() > most_listed)
    refuse(path, "must hold at most " + std::to_string(most_listed)
                     + " token ids, not " + std::to_string(list->size()));
  for (std::size_t i = 0; i < list->size(); ++i)
    out.push_back(static_cast<std::int32_t>(to_integer(
        (*list)[i], path + "[" + std::to_string(i) + "]", 0, most_tokens)));
  return out;
}

void read_token_rules(const fields& in, api_request& out) {
  auto& s = out.sampling;
  s.min_tokens = static_cast<std::uint32_t>(
      in.integer("min_tokens", 0, most_tokens).value_or(0));
  s.stop_token_ids = read_token_list(in, "stop_token_ids");
  s.allowed_token_ids = read_token_list(in, "allowed_token_ids");
  if (in.array("allowed_token_ids") != nullptr && s.allowed_token_ids.empty())
    refuse(in.path("allowed_token_ids"), "must not be empty");
}

void read_sampling(const fields& in, api_request& out) {
  auto& s = out.sampling;
  const auto read = [&](float& to, const char* name, double low, double high) {
    if (const auto value = in.number(name, low, high))
      to = static_cast<float>(*value);
  };
  read(s.temperature, "temperature", 0, 2);
  read(s.top_p, "top_p", 0, 1);
  // The sampler wants (0, 1]; OpenAI takes 0 for "the best one only".
  s.top_p = std::max(s.top_p, 1e-6f);
  read(s.min_p, "min_p", 0, 1);
  read(s.repetition_penalty, "repetition_penalty", 0, 10);
  if (s.repetition_penalty <= 0)
    refuse(in.path("repetition_penalty"), "must be greater than 0");
  read(s.presence_penalty, "presence_penalty", -2, 2);
  read(s.frequency_penalty, "frequency_penalty", -2, 2);
  // -1 is vLLM's word for off.
  s.top_k = static_cast<std::uint32_t>(std::max<std::int64_t>(
      0, in.integer("top_k", -1, most_tokens).value_or(0)));
  s.ignore_eos = in.boolean("ignore_eos").value_or(false);
  if (const auto* seed = in.find("seed")) {
    s.seeded = true;
    s.seed = seed->is_uint64() ? seed->get_uint64()
                               : static_cast<std::uint64_t>(to_integer(
                                   *seed, in.path("seed"),
                                   std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max()));
  }
  read_logit_bias(in, out);
}

void read_stream(const fields& in, api_request& out) {
  out.stream = in.boolean("stream").value_or(false);
  const auto* options = in.object("stream_options");
  if (options == nullptr)
    return;
  if (!out.stream)
    refuse(in.path("stream_options"), "is only allowed with 'stream': true");
  const fields inside{*options, in.path("stream_options") + "."};
  out.include_usage = inside.boolean("include_usage").value_or(false);
}

// As vLLM, whose streams have no place for them.
void read_prompt_logprobs(const fields& in, api_request& out) {
  const auto top = in.integer("prompt_logprobs", 0, 20);
  if (!top)
    return;
  if (out.stream)
    refuse(in.path("prompt_logprobs"), "is not allowed with 'stream': true");
  out.prompt_logprobs = static_cast<std::uint32_t>(*top);
  out.reading = {device::reading_kind::scores, *out.prompt_logprobs};
}

} // namespace

void read_caller(const fields& in, api_request& out) {
  out.model = in.text("model").value_or("");
  out.tenant = in.text("user").value_or("");
  if (out.tenant.size() > 256)
    refuse(in.path("user"), "must not be longer than 256 bytes");
  if (const auto seconds = in.number("timeout", 0.001, longest_timeout))
    out.timeout =
        std::chrono::milliseconds{static_cast<std::int64_t>(*seconds * 1000)};
  out.cache_salt = in.text("cache_salt").value_or("");
  if (out.cache_salt.size() > 256)
    refuse(in.path("cache_salt"), "must not be longer than 256 bytes");
  out.priority = static_cast<std::int32_t>(
      in.integer("priority", -1000, 1000).value_or(0));
}

void read_shared(const fields& in, const request_limits& limits,
                 api_request& out) {
  read_caller(in, out);
  out.choices = static_cast<std::uint32_t>(
      in.integer("n", 1, limits.choices).value_or(1));
  const auto best_of = in.integer("best_of", 1, most_tokens);
  if (best_of && *best_of != 1 && *best_of != out.choices)
    refuse(in.path("best_of"), "must be 1 or equal to 'n'; choosing among "
                               "more answers is not supported");
  read_stream(in, out);
  read_stop(in, out);
  read_sampling(in, out);
  read_token_rules(in, out);
  read_grammar(in, out);
  read_prompt_logprobs(in, out);
  out.specials = !in.boolean("skip_special_tokens").value_or(true);
  // Only an echo makes sense of 0.
  const bool echoes =
      out.kind == endpoint::completions && in.boolean("echo").value_or(false);
  if (const auto limit =
          in.integer("max_tokens", echoes ? 0 : 1, most_tokens)) {
    out.max_tokens = static_cast<std::uint32_t>(*limit);
    out.prefill_only = *limit == 0;
  }
}

void check_lengths(const fields& in, const api_request& request) {
  const auto least = request.sampling.min_tokens;
  if (request.max_tokens > 0 && least > request.max_tokens)
    refuse(in.path("min_tokens"),
           "must not be greater than the most tokens allowed, "
               + std::to_string(request.max_tokens) + ", not "
               + std::to_string(least));
}

api_error beyond_vocabulary(std::string_view param, std::int32_t id,
                            std::int32_t vocabulary) {
  std::string text = "'";
  text.append(param).append("' names token ").append(std::to_string(id));
  text.append(", but the vocabulary has ").append(std::to_string(vocabulary));
  text.append(" tokens");
  return {400, std::move(text), std::string{param}, {}, 0};
}

std::optional<api_error> check_ids(const api_request& request,
                                   std::int32_t vocabulary) {
  const auto wrong = [&](std::int32_t id) {
    return id < 0 || id >= vocabulary;
  };
  const auto& s = request.sampling;
  for (const auto& [id, bias] : s.logit_bias)
    if (wrong(id))
      return beyond_vocabulary("logit_bias", id, vocabulary);
  if (const auto at = std::ranges::find_if(s.stop_token_ids, wrong);
      at != s.stop_token_ids.end())
    return beyond_vocabulary("stop_token_ids", *at, vocabulary);
  if (const auto at = std::ranges::find_if(s.allowed_token_ids, wrong);
      at != s.allowed_token_ids.end())
    return beyond_vocabulary("allowed_token_ids", *at, vocabulary);
  for (const auto& prompt : request.prompts)
    for (const auto id : prompt.tokens)
      if (wrong(id))
        return beyond_vocabulary("prompt", id, vocabulary);
  return std::nullopt;
}

} // namespace sluice::actors
