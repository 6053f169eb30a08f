// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/native_answer.hpp"

#include "actors/gateway/generation_settings.hpp"
#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"
#include "transport/http/sse.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::actors {

namespace json = boost::json;

namespace {

// "a/b" is looked up level by level; what is not there is left out.
std::string only(const std::vector<std::string>& fields, std::string whole) {
  const auto from = json::parse(whole);
  json::object out;
  for (const auto& field : fields) {
    json::error_code ec;
    if (const auto* value = from.find_pointer("/" + field, ec))
      out[field] = *value;
  }
  return json::serialize(out);
}

} // namespace

native_answer::native_answer(const api_request& request)
    : answer_writer{request}, logprobs_{request.logprobs},
      form_{request.native}, model_{request.model},
      choices_(tally().choices()) {
  append_generation_settings(settings_, request, settings_extent::answer);
  for (const auto& prompt : request.prompts)
    prompts_.push_back(prompt.text);
}

void native_answer::append_lists(said& to, const text_delta& delta) {
  for (const auto id : delta.tokens)
    append_item(to.tokens, std::to_string(id));
  for (const auto& token : delta.logprobs) {
    append_item(to.probabilities, "");
    append_native_logprob(to.probabilities, token);
  }
}

std::string native_answer::say(std::size_t choice, const text_delta& delta) {
  auto& to = choices_[choice];
  to.stop = delta.stop;
  if (!streams()) {
    to.text += delta.text;
    append_lists(to, delta);
    return {};
  }
  said now;
  now.text = delta.text;
  append_lists(now, delta);
  std::string out;
  if (!now.text.empty() || !now.tokens.empty())
    out += transport::http::event_text(chunk(choice, now));
  if (delta.finish != finish_reason::none)
    out += transport::http::event_text(end_of(choice, to));
  return out;
}

std::string native_answer::chunk(std::size_t choice, const said& from) const {
  const auto& count = tally()[choice];
  auto out = "{\"index\":" + std::to_string(choice) + ",\"content\":";
  append_quoted(out, from.text);
  out += ",\"tokens\":[" + from.tokens + "],\"stop\":false,\"id_slot\":-1";
  out += ",\"tokens_predicted\":" + std::to_string(count.completion_tokens)
         + ",\"tokens_evaluated\":"
         + std::to_string(tally().prompt_tokens_of(choice));
  if (!from.probabilities.empty())
    out += ",\"completion_probabilities\":[" + from.probabilities + "]";
  return out += '}';
}

std::string_view native_answer::stop_type(std::size_t choice,
                                          const said& from) const {
  switch (tally()[choice].finish) {
  case finish_reason::length:
    return "limit";
  case finish_reason::stop:
  case finish_reason::tool_calls:
    return from.stop.empty() ? "eos" : "word";
  default:
    return "none";
  }
}

std::string native_answer::end_of(std::size_t choice, const said& from) const {
  const auto& count = tally()[choice];
  const auto predicted = count.completion_tokens;
  const auto evaluated = tally().prompt_tokens_of(choice);
  const bool lists = !streams();
  auto out = "{\"index\":" + std::to_string(choice) + ",\"content\":";
  append_quoted(out, from.text);
  out += ",\"tokens\":[" + (lists && form_.tokens ? from.tokens : "") + "]";
  out += ",\"id_slot\":" + std::to_string(count.place);
  out += ",\"stop\":true,\"model\":";
  append_quoted(out, model_);
  out += ",\"tokens_predicted\":" + std::to_string(predicted)
         + ",\"tokens_evaluated\":" + std::to_string(evaluated)
         + ",\"generation_settings\":" + settings_ + ",\"prompt\":";
  append_quoted(out, prompts_[tally().prompt_of(choice)]);
  out += ",\"has_new_line\":";
  out += count.new_line ? "true" : "false";
  out += ",\"truncated\":false,\"stop_type\":";
  append_quoted(out, stop_type(choice, from));
  out += ",\"stopping_word\":";
  append_quoted(out, from.stop);
  // The last token was never computed on.
  out += ",\"tokens_cached\":"
         + std::to_string(evaluated + (predicted > 0 ? predicted - 1 : 0));
  append_timings(out += ",\"timings\":", tally().timings(choice));
  if (lists && logprobs_)
    out += ",\"completion_probabilities\":[" + from.probabilities + "]";
  out += '}';
  return form_.fields.empty() ? out : only(form_.fields, std::move(out));
}

std::string native_answer::body() const {
  if (choices_.size() == 1)
    return end_of(0, choices_.front());
  std::string out = "[";
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (i > 0)
      out += ',';
    out += end_of(i, choices_[i]);
  }
  return out += ']';
}

} // namespace sluice::actors
