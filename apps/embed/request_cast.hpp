// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A host's request as the HTTP API would have read it: the same parser, so the
// same fields, ranges, defaults and words.
#pragma once

#include "actors/gateway/api_request.hpp"
#include "sluice/request.hpp"

namespace sluice::apps {

/// Throws error, bad_request. A request without a seed gets a random one.
actors::api_request to_api_request(const request& from);

} // namespace sluice::apps
