// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/http_answerer.hpp"

#include "transport/http/client.hpp"

#include <boost/json.hpp>

#include <chrono>

namespace sluice::apps {

namespace {

using clock = std::chrono::steady_clock;
namespace http = transport::http;
namespace json = boost::json;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

/// The text of an OpenAI-shaped error, or of whatever came instead.
std::string error_text(const http::response& answer) {
  json::error_code bad;
  const auto value = json::parse(answer.body, bad);
  if (!bad && value.is_object())
    if (const auto* error = value.get_object().if_contains("error"))
      if (error->is_object())
        if (const auto* message = error->get_object().if_contains("message"))
          if (message->is_string())
            return std::string{message->get_string()};
  return "the server answered " + std::to_string(answer.status) + " "
         + answer.body.substr(0, 200);
}

/// Reads the chunks of one streamed answer.
class answer_reader {
public:
  answer_reader(const answerer::on_text& show, clock::time_point start)
      : show_(show), start_(start) {}

  /// One event; false ends the stream.
  bool take(std::string_view event) {
    if (event == "[DONE]")
      return false;
    const auto chunk = json::parse(event).as_object();
    if (const auto* error = chunk.if_contains("error"))
      throw http::http_error{json::value_to<std::string>(error->at("message"))};
    if (const auto* usage = chunk.if_contains("usage");
        usage && usage->is_object()) {
      stats_.prompt_tokens =
          usage->at("prompt_tokens").to_number<std::uint32_t>();
      stats_.completion_tokens =
          usage->at("completion_tokens").to_number<std::uint32_t>();
    }
    for (const auto& choice : chunk.at("choices").as_array())
      take_choice(choice.as_object());
    return true;
  }

  given_answer finish(bool cancelled) {
    stats_.total = seconds_since(start_);
    if (cancelled)
      stats_.finish = "cancelled";
    return {text_, stats_};
  }

private:
  void take_choice(const json::object& choice) {
    const auto& delta = choice.at("delta").as_object();
    if (const auto* content = delta.if_contains("content");
        content && content->is_string() && !content->get_string().empty()) {
      if (text_.empty())
        stats_.first_token = seconds_since(start_);
      text_ += content->get_string();
      show_(content->get_string());
    }
    if (const auto& reason = choice.at("finish_reason"); reason.is_string())
      stats_.finish = reason.get_string();
  }

  const answerer::on_text& show_;
  clock::time_point start_;
  answer_stats stats_;
  std::string text_;
};

std::string body_of(const std::vector<chat_message>& messages,
                    const chat_options& options) {
  json::array list;
  for (const auto& one : messages)
    list.push_back({{"role", one.role}, {"content", one.content}});
  json::object out{{"messages", std::move(list)},
                   {"stream", true},
                   {"stream_options", {{"include_usage", true}}}};
  if (!options.model.empty())
    out["model"] = options.model;
  if (options.temperature)
    out["temperature"] = *options.temperature;
  if (options.seed)
    out["seed"] = *options.seed;
  if (options.max_tokens)
    out["max_tokens"] = *options.max_tokens;
  return json::serialize(out);
}

http::header_list headers_of(const chat_options& options) {
  if (options.api_key.empty())
    return {};
  return {{"Authorization", "Bearer " + options.api_key}};
}

} // namespace

given_answer http_answerer::answer(const std::vector<chat_message>& messages,
                                   const chat_options& options,
                                   const on_text& show,
                                   const question& cancelled) {
  answer_reader reader{show, clock::now()};
  http::response got;
  try {
    got = http::client{server_, {.cancelled = cancelled}}.events(
        "POST", "/v1/chat/completions", body_of(messages, options),
        [&](std::string_view event) { return reader.take(event); },
        headers_of(options));
  } catch (const http::http_error&) {
    // Cancelling ends the call the same way; what came so far is an answer.
    if (!cancelled())
      throw;
  }
  if (got.status >= 300)
    throw http::http_error{error_text(got)};
  return reader.finish(cancelled());
}

} // namespace sluice::apps
