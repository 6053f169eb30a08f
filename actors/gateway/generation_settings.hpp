// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How an answer is made, in the words of llama.cpp's server: the object
// `generation_settings` of its answers and `params` of its pages. What Sluice
// does not have appears with the value that switches it off. Pure.
#pragma once

#include "actors/gateway/api_request.hpp"

#include <string>

namespace sluice::actors {

/// Pages leave out what a client wrote (stop strings, grammar, biases).
enum class settings_extent : std::uint8_t { answer, page };

/// {"seed":...,"temperature":...,...}
void append_generation_settings(std::string& out, const api_request& request,
                                settings_extent extent);

/// A request of /completion that asks for nothing but an answer.
api_request native_defaults();

} // namespace sluice::actors
