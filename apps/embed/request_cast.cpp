// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/request_cast.hpp"

#include "actors/gateway/parse_request.hpp"
#include "graph/yaml/nearest.hpp"

#include <boost/json.hpp>

#include <random>

namespace sluice::apps {

namespace {

namespace json = boost::json;

[[noreturn]] void refuse(const std::string& text) {
  throw error(error_code::bad_request, text);
}

json::value parse(const std::string& text, const char* field) {
  json::error_code ec;
  auto out = json::parse(text, ec);
  if (ec)
    refuse(graph::in_quotes(field) + " is not JSON: " + ec.message());
  return out;
}

void put_prompt(const request& from, json::object& body) {
  const int given =
      (from.messages.empty() ? 0 : 1) + (from.messages_json.empty() ? 0 : 1)
      + (from.text.empty() ? 0 : 1) + (from.tokens.empty() ? 0 : 1);
  if (given != 1)
    refuse("a request has exactly one of messages, messages_json, text and "
           "tokens");
  if (!from.messages_json.empty())
    body["messages"] = parse(from.messages_json, "messages_json");
  else if (!from.text.empty())
    body["prompt"] = from.text;
  else if (!from.tokens.empty())
    body["prompt"] = json::array(from.tokens.begin(), from.tokens.end());
  else {
    auto& list = body["messages"].emplace_array();
    for (const auto& one : from.messages)
      list.push_back({{"role", one.role}, {"content", one.content}});
  }
}

void put_sampling(const sampling& from, json::object& body) {
  const auto put = [&](const char* name, const auto& value) {
    if (value)
      body[name] = *value;
  };
  put("temperature", from.temperature);
  put("top_p", from.top_p);
  put("top_k", from.top_k);
  put("min_p", from.min_p);
  put("repetition_penalty", from.repetition_penalty);
  put("presence_penalty", from.presence_penalty);
  put("frequency_penalty", from.frequency_penalty);
  put("seed", from.seed);
  if (from.ignore_eos)
    body["ignore_eos"] = true;
  if (from.logit_bias.empty())
    return;
  auto& biases = body["logit_bias"].emplace_object();
  for (const auto& [id, bias] : from.logit_bias)
    biases[std::to_string(id)] = bias;
}

json::object body_of(const request& from) {
  json::object body;
  if (!from.fields.empty()) {
    auto fields = parse(from.fields, "fields");
    if (!fields.is_object())
      refuse("'fields' must be a JSON object");
    body = std::move(fields.get_object());
  }
  put_prompt(from, body);
  put_sampling(from.sampling, body);
  if (from.max_tokens > 0)
    body["max_tokens"] = from.max_tokens;
  if (!from.stop.empty())
    body["stop"] = json::array(from.stop.begin(), from.stop.end());
  if (!from.tenant.empty())
    body["user"] = from.tenant;
  return body;
}

} // namespace

actors::api_request to_api_request(const request& from) {
  const auto body = body_of(from);
  const auto text = json::serialize(body);
  const actors::request_limits one{.choices = 1, .prompts = 1};
  auto parsed = body.contains("messages") ? actors::parse_chat(text, one)
                                          : actors::parse_completion(text, one);
  if (const auto* wrong = std::get_if<actors::api_error>(&parsed))
    refuse(wrong->message);
  auto& out = std::get<actors::api_request>(parsed);
  if (from.timeout.count() < 0)
    refuse("the timeout must not be negative");
  if (from.timeout.count() > 0)
    out.timeout = from.timeout;
  if (!out.sampling.seeded) {
    std::random_device random;
    out.sampling.seed = (std::uint64_t{random()} << 32) | random();
  }
  return out;
}

} // namespace sluice::apps
