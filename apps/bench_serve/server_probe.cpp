// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/server_probe.hpp"

#include "apps/bench_serve/answer_event.hpp"

#include <thread>

namespace sluice::apps {

namespace json = boost::json;
namespace http = transport::http;

namespace {

constexpr std::chrono::milliseconds health_interval{50};

json::array one_message(const std::string& text) {
  return {{{"role", "user"}, {"content", text}}};
}

} // namespace

server_probe::server_probe(const transport::address& where,
                           http::header_list headers)
    : headers_{std::move(headers)}, client_{where} {}

void server_probe::wait_until_ready(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (client_.send("GET", "/health", {}, headers_).status == 503
         && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(health_interval);
}

std::optional<json::object> server_probe::ask(std::string_view target,
                                              const json::object& body) {
  const auto got =
      client_.send("POST", target, json::serialize(body), headers_);
  json::error_code ec;
  auto value = json::parse(got.body, ec);
  if (got.status != 200 || ec || !value.is_object())
    return {};
  return std::move(value.get_object());
}

std::string server_probe::first_model() {
  const auto got = client_.send("GET", "/v1/models", {}, headers_);
  json::error_code ec;
  const auto value = json::parse(got.body, ec);
  if (got.status != 200 || ec || !value.is_object())
    return {};
  const auto* data = value.get_object().if_contains("data");
  if (!data || !data->is_array() || data->get_array().empty()
      || !data->get_array().front().is_object())
    return {};
  const auto* id = data->get_array().front().get_object().if_contains("id");
  return id && id->is_string() ? std::string{id->get_string()} : "";
}

std::optional<std::uint32_t> server_probe::tokenized(json::object body,
                                                     const request_form& form) {
  if (!form.model.empty())
    body["model"] = form.model;
  const auto got = ask("/tokenize", body);
  const auto* tokens = got ? got->if_contains("tokens") : nullptr;
  if (!tokens || !tokens->is_array() || tokens->get_array().empty())
    return {};
  return static_cast<std::uint32_t>(tokens->get_array().size());
}

std::optional<std::uint32_t>
server_probe::count_by_tokenize(const request_form& form,
                                const std::string& text) {
  // llama.cpp reads "content", the others "prompt".
  const auto plain = [](const std::string& prompt) {
    return json::object{
        {"prompt", prompt}, {"content", prompt}, {"add_special", true}};
  };
  if (form.where == endpoint::completions)
    return tokenized(plain(text), form);
  const json::object chat{{"messages", one_message(text)}};
  if (const auto count = tokenized(chat, form))
    return count;
  const auto rendered = ask("/apply-template", chat); // llama.cpp
  const auto* prompt = rendered ? rendered->if_contains("prompt") : nullptr;
  if (!prompt || !prompt->is_string())
    return {};
  return tokenized(plain(std::string{prompt->get_string()}), form);
}

std::optional<std::uint32_t>
server_probe::count_by_usage(const request_form& form,
                             const std::string& text) {
  auto body = request_body(form, text, 1);
  body["stream"] = false;
  body.erase("stream_options");
  const auto got = ask(path_of(form.where), body);
  const auto usage = got ? usage_of(*got) : std::nullopt;
  if (!usage || usage->prompt == 0)
    return {};
  return usage->prompt;
}

calibration server_probe::learn_tokenizer(const request_form& form,
                                          std::string& found_by) {
  const auto words = frequent_words();
  const std::string sample{first_word};
  if (count_by_tokenize(form, sample)) {
    found_by = "/tokenize";
    return calibrate(
        [&](const std::string& text) { return count_by_tokenize(form, text); },
        words);
  }
  if (count_by_usage(form, sample)) {
    found_by = "usage";
    return calibrate_coarsely(
        [&](const std::string& text) { return count_by_usage(form, text); },
        words);
  }
  found_by.clear();
  return calibrate([](const std::string&) { return std::nullopt; }, words);
}

} // namespace sluice::apps
