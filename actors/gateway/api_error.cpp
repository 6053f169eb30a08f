// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/api_error.hpp"

#include "actors/gateway/json_text.hpp"

namespace sluice::actors {

namespace {

std::string_view type_of(unsigned status) {
  switch (status) {
  case 401:
    return "authentication_error";
  case 429:
    return "rate_limit_error";
  case 408:
  case 504:
    return "timeout_error";
  default:
    return status < 500 ? "invalid_request_error" : "server_error";
  }
}

void append_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out += "null";
  else
    append_quoted(out, text);
}

} // namespace

std::string to_json(const api_error& error) {
  std::string out = "{\"error\":{\"message\":";
  append_quoted(out, error.message);
  out += ",\"type\":";
  append_quoted(out, type_of(error.status));
  out += ",\"param\":";
  append_or_null(out, error.param);
  out += ",\"code\":";
  append_or_null(out, error.code);
  return out += "}}";
}

transport::http::response to_response(const api_error& error) {
  transport::http::response out;
  out.status = error.status;
  out.headers.emplace_back("Content-Type", "application/json");
  if (error.retry_after > 0)
    out.headers.emplace_back("Retry-After", std::to_string(error.retry_after));
  if (error.status == 401)
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
  out.body = to_json(error);
  return out;
}

api_error to_api_error(errc code, const std::string& context) {
  const auto text = [&](const char* otherwise) {
    return context.empty() ? std::string{otherwise} : context;
  };
  switch (code) {
  case errc::bad_request:
    return {400, text("bad request"), {}, {}, 0};
  case errc::prompt_too_long:
    return {400, text("the prompt is longer than the context"), "messages",
            "context_length_exceeded", 0};
  case errc::unknown_model:
    return {404, text("no such model"), "model", "model_not_found", 0};
  case errc::overloaded:
    return {
        429, text("all queues are full, try again later"), {}, "overloaded", 1};
  case errc::deadline_exceeded:
    return {
        504, text("the request's deadline passed"), {}, "deadline_exceeded", 0};
  case errc::cancelled:
    return {503, text("the request was cancelled"), {}, "cancelled", 1};
  case errc::shutting_down:
    return {503, text("the server is shutting down"), {}, "shutting_down", 5};
  case errc::template_failed:
    return {400, text("the chat template refused the conversation"), "messages",
            "template_failed", 0};
  case errc::no_route:
    return {400, text("no route for this request"), {}, "no_route", 0};
  case errc::host_failed:
    return {500, text("the host program failed"), {}, "host_failed", 0};
  case errc::none:
  case errc::model_failed:
    break;
  }
  return {500, text("the model failed"), {}, "model_failed", 0};
}

} // namespace sluice::actors
