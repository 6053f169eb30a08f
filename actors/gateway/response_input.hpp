// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// `input` and `instructions` of /v1/responses as a conversation of
// /v1/chat/completions. Pure; throws field_error.
#pragma once

#include "actors/gateway/fields.hpp"

#include <boost/json/object.hpp>

namespace sluice::actors {

/// {"messages":[...]}, for read_messages(). Calls that follow each other, and
/// the text before them, are one message of the assistant.
boost::json::object conversation_of(const fields& in);

} // namespace sluice::actors
