// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "sluice/error.hpp"

#include "sluice/message.hpp"

namespace sluice {

const char* name(error_code code) noexcept {
  switch (code) {
  case error_code::none:
    return "none";
  case error_code::bad_request:
    return "bad_request";
  case error_code::prompt_too_long:
    return "prompt_too_long";
  case error_code::unknown_model:
    return "unknown_model";
  case error_code::overloaded:
    return "overloaded";
  case error_code::deadline_exceeded:
    return "deadline_exceeded";
  case error_code::cancelled:
    return "cancelled";
  case error_code::closed:
    return "closed";
  case error_code::model_failed:
    return "model_failed";
  case error_code::template_failed:
    return "template_failed";
  case error_code::no_route:
    return "no_route";
  case error_code::host_failed:
    return "host_failed";
  case error_code::bad_argument:
    return "bad_argument";
  case error_code::bad_graph:
    return "bad_graph";
  case error_code::unknown_edge:
    return "unknown_edge";
  case error_code::wrong_type:
    return "wrong_type";
  case error_code::not_ready:
    return "not_ready";
  case error_code::cannot_listen:
    return "cannot_listen";
  case error_code::timed_out:
    return "timed_out";
  case error_code::misuse:
    return "misuse";
  case error_code::failed:
    return "failed";
  }
  return "unknown";
}

const char* name(finish_reason reason) noexcept {
  switch (reason) {
  case finish_reason::none:
    return "";
  case finish_reason::stop:
    return "stop";
  case finish_reason::length:
    return "length";
  case finish_reason::cancelled:
    return "cancelled";
  case finish_reason::error:
    return "error";
  }
  return "";
}

error::error(error_code code, const std::string& text,
             std::vector<mistake> mistakes)
    : std::runtime_error{text}, code_{code}, mistakes_{std::move(mistakes)} {}

error::~error() = default;

} // namespace sluice
