// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Errors as OpenAI's clients expect them, and how ours become such. Pure.
#pragma once

#include "actors/terms.hpp"
#include "transport/http/message.hpp"

#include <string>

namespace sluice::actors {

/// What a client is told.
struct api_error {
  unsigned status = 400;
  std::string message;
  std::string param;        ///< the field at fault, "" for none
  std::string code;         ///< machine-readable, "" for none
  unsigned retry_after = 0; ///< seconds, 0: do not say
};

/// {"error":{"message":...,"type":...,"param":...,"code":...}}
std::string to_json(const api_error& error);

/// The whole response, with Retry-After where it helps.
transport::http::response to_response(const api_error& error);

/// What an actor's error means to a client. `context` is shown.
api_error to_api_error(errc code, const std::string& context);

} // namespace sluice::actors
