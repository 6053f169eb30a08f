// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers about the served models that need no graph: what is there, is it
// ready, text to ids and back. Pure; called on HTTP threads.
#pragma once

#include "actors/gateway/api_error.hpp"
#include "actors/gateway/door.hpp"
#include "transport/http/message.hpp"

namespace sluice::actors {

/// GET /health.
transport::http::response health_page(const door::view& view);

/// GET /v1/models and /v1/models/NAME; `started` in seconds since 1970.
transport::http::response models_page(const transport::http::request& got,
                                      const door::view& view,
                                      std::int64_t started);

/// POST /tokenize.
transport::http::response tokenize_page(const transport::http::request& got,
                                        const door::view& view);

/// POST /detokenize.
transport::http::response detokenize_page(const transport::http::request& got,
                                          const door::view& view);

/// A page of JSON, with status 200.
transport::http::response json_response(std::string body);

/// Why a door that is not open takes no request.
api_error closed_error(const door::view& view);

/// The request names a model that is not there, or none of several.
api_error no_model(const catalogue& models, std::string_view name);

/// What a client waits before it asks a loading server again, in seconds.
inline constexpr unsigned loading_retry = 1;

} // namespace sluice::actors
