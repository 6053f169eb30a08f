// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// OpenAI's chat messages as templates want them. Used by preprocess; knows no
// model and no actor.
#pragma once

#include <boost/json/array.hpp>

#include <string>
#include <string_view>

namespace sluice::actors {

/// Parses the array of messages. Content given as text parts becomes one
/// string; arguments of tool calls given as JSON text become the object, which
/// is what published templates expect. Throws device::model_error naming the
/// message that is wrong.
boost::json::array read_conversation(std::string_view json);

/// All text a person wrote or a tool returned, for label rules: contents and
/// tool arguments, one per line.
std::string conversation_text(const boost::json::array& messages);

} // namespace sluice::actors
