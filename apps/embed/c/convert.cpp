// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/c/convert.hpp"

#include "apps/embed/c/guard.hpp"

#include <cmath>

namespace sluice::apps {

namespace {

std::vector<std::string> texts(const char* const* list, std::size_t count,
                               const char* what) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i)
    out.emplace_back(&needed((&needed(list, what))[i], what));
  return out;
}

std::vector<std::int32_t> ids(const std::int32_t* list, std::size_t count) {
  if (count == 0)
    return {};
  return {&needed(list, "tokens"), list + count};
}

void put(std::optional<double>& to, double from) {
  if (!std::isnan(from))
    to = from;
}

} // namespace

message_view::message_view(message what)
    : sluice_message{}, value{std::move(what)} {
  for (const auto& one : value.labels)
    label_pointers.push_back(one.c_str());
  size = sizeof(sluice_message);
  type = static_cast<std::int32_t>(value.type);
  id = value.id;
  deadline_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                    value.deadline.time_since_epoch())
                    .count();
  tenant = value.tenant.c_str();
  labels = label_pointers.data();
  label_count = label_pointers.size();
  messages = value.messages.c_str();
  text = value.text.c_str();
  tokens = value.tokens.data();
  token_count = value.tokens.size();
  begins = value.begins ? 1 : 0;
  prompt_tokens = value.prompt_tokens;
  completion_tokens = value.completion_tokens;
  finish = static_cast<std::int32_t>(value.finish);
  code = static_cast<sluice_code>(value.code);
  error = value.error.c_str();
  origin = &value.origin;
}

message to_message(const sluice_message& given) {
  const auto from = sized(given, sluice_message_init);
  if (from.type < SLUICE_REQUEST || from.type > SLUICE_TEXT)
    throw error(error_code::wrong_type, "no such type of message");
  if (from.finish < SLUICE_FINISH_NONE || from.finish > SLUICE_FINISH_ERROR)
    throw error(error_code::bad_argument, "no such reason to finish");
  message out;
  out.type = static_cast<message_type>(from.type);
  out.id = from.id;
  out.deadline = std::chrono::system_clock::time_point{
      std::chrono::milliseconds{from.deadline_ms}};
  out.tenant = text_or_empty(from.tenant);
  out.labels = texts(from.labels, from.label_count, "labels");
  out.messages = text_or_empty(from.messages);
  out.text = text_or_empty(from.text);
  out.tokens = ids(from.tokens, from.token_count);
  out.begins = from.begins != 0;
  out.prompt_tokens = from.prompt_tokens;
  out.completion_tokens = from.completion_tokens;
  out.finish = static_cast<finish_reason>(from.finish);
  out.code = static_cast<error_code>(from.code);
  out.error = text_or_empty(from.error);
  if (from.origin)
    out.origin = *static_cast<const std::shared_ptr<const void>*>(from.origin);
  return out;
}

request to_request(const sluice_request& given) {
  const auto from = sized(given, sluice_request_init);
  request out;
  out.messages_json = text_or_empty(from.messages);
  out.text = text_or_empty(from.text);
  out.tokens = ids(from.tokens, from.token_count);
  put(out.sampling.temperature, from.temperature);
  put(out.sampling.top_p, from.top_p);
  put(out.sampling.min_p, from.min_p);
  put(out.sampling.repetition_penalty, from.repetition_penalty);
  put(out.sampling.presence_penalty, from.presence_penalty);
  put(out.sampling.frequency_penalty, from.frequency_penalty);
  if (from.top_k >= 0)
    out.sampling.top_k = from.top_k;
  if (from.seeded)
    out.sampling.seed = from.seed;
  out.max_tokens = from.max_tokens;
  out.stop = texts(from.stop, from.stop_count, "stop");
  out.labels = texts(from.labels, from.label_count, "labels");
  out.tenant = text_or_empty(from.tenant);
  out.timeout = std::chrono::milliseconds{from.timeout_ms};
  out.fields = text_or_empty(from.fields);
  return out;
}

runtime_options to_options(const sluice_options& given) {
  const auto from = sized(given, sluice_options_init);
  runtime_options out;
  out.serve = from.serve != 0;
  out.listen = text_or_empty(from.listen);
  out.folder = text_or_empty(from.folder);
  out.placement = text_or_empty(from.placement);
  out.threads = from.threads;
  out.max_requests = from.max_requests;
  out.drain = std::chrono::milliseconds{from.drain_ms};
  out.wait_ready = from.wait_ready != 0;
  for (std::size_t i = 0; i < from.kind_count; ++i)
    out.kinds.push_back(to_kind((&needed(from.kinds, "kinds"))[i]));
  if (from.log)
    out.log = [log = from.log, user = from.log_user](log_level level,
                                                     std::string_view line) {
      log(user, static_cast<std::int32_t>(level), std::string(line).c_str());
    };
  return out;
}

sluice_delta to_delta(const delta& from) {
  sluice_delta out;
  std::memset(&out, 0, sizeof out);
  out.size = sizeof out;
  out.id = from.id;
  out.text = from.text.c_str();
  out.text_size = from.text.size();
  out.completion_tokens = from.completion_tokens;
  out.prompt_tokens = from.prompt_tokens;
  out.cached_tokens = from.cached_tokens;
  out.finish = static_cast<std::int32_t>(from.finish);
  out.code = static_cast<sluice_code>(from.code);
  out.error = from.error.c_str();
  return out;
}

} // namespace sluice::apps
