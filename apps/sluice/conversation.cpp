// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/conversation.hpp"

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
  answer_reader(const conversation::on_text& show, clock::time_point start)
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

  const std::string& text() const { return text_; }

  answer_stats finish(bool cancelled) {
    stats_.total = seconds_since(start_);
    if (cancelled)
      stats_.finish = "cancelled";
    return stats_;
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

  const conversation::on_text& show_;
  clock::time_point start_;
  answer_stats stats_;
  std::string text_;
};

} // namespace

double answer_stats::tokens_per_second() const {
  return completion_tokens > 1 ? (completion_tokens - 1) / (total - first_token)
                               : 0.0;
}

conversation::conversation(const transport::address& server,
                           chat_options options,
                           std::function<bool()> cancelled)
    : options_(std::move(options)), cancelled_(std::move(cancelled)),
      client_(server, {.cancelled = cancelled_}) {
  reset();
}

answer_stats conversation::ask(const std::string& question,
                               const on_text& show) {
  messages_.push_back({{"role", "user"}, {"content", question}});
  answer_reader reader{show, clock::now()};
  http::response answer;
  try {
    answer = client_.events(
        "POST", "/v1/chat/completions", body(),
        [&](std::string_view event) { return reader.take(event); }, headers());
  } catch (const http::http_error&) {
    // Cancelling ends the call the same way; what came so far is an answer.
    if (!cancelled_()) {
      messages_.pop_back();
      throw;
    }
  }
  if (answer.status >= 300) {
    messages_.pop_back();
    throw http::http_error{error_text(answer)};
  }
  messages_.push_back({{"role", "assistant"}, {"content", reader.text()}});
  return reader.finish(cancelled_());
}

void conversation::reset() {
  messages_.clear();
  if (!options_.system.empty())
    messages_.push_back({{"role", "system"}, {"content", options_.system}});
}

void conversation::set_system(std::string text) {
  options_.system = std::move(text);
  reset();
}

std::size_t conversation::turns() const noexcept {
  return (messages_.size() - (options_.system.empty() ? 0 : 1)) / 2;
}

std::string conversation::body() const {
  json::object out{{"messages", messages_},
                   {"stream", true},
                   {"stream_options", {{"include_usage", true}}}};
  if (!options_.model.empty())
    out["model"] = options_.model;
  if (options_.temperature)
    out["temperature"] = *options_.temperature;
  if (options_.seed)
    out["seed"] = *options_.seed;
  if (options_.max_tokens)
    out["max_tokens"] = *options_.max_tokens;
  return json::serialize(out);
}

http::header_list conversation::headers() const {
  if (options_.api_key.empty())
    return {};
  return {{"Authorization", "Bearer " + options_.api_key}};
}

} // namespace sluice::apps
