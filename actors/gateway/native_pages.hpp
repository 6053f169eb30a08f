// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The pages of llama.cpp's server about itself: what is served and with which
// defaults, and what its places for requests do. Pure.
#pragma once

#include "actors/gateway/answer_tally.hpp"
#include "actors/gateway/api_request.hpp"
#include "actors/gateway/door.hpp"
#include "transport/http/message.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// A place that a choice holds.
struct busy_slot {
  request_id id = 0;
  const api_request* what = nullptr;
  std::uint32_t prompt_tokens = 0; ///< 0: not known yet
  choice_count count;
};

/// GET /props of the first model. `places`: requests that fit at once. `slots`:
/// is /slots on?
transport::http::response props_page(const door::view& view, std::size_t places,
                                     bool slots);

/// GET /slots: the busy places and then the free ones of `places`, by number;
/// `first_id` is what the door's ids begin with.
transport::http::response slots_page(std::vector<busy_slot> busy,
                                     std::size_t places,
                                     const catalogue& models,
                                     request_id first_id);

/// "x" of "/slots?x=1".
bool has_parameter(std::string_view target, std::string_view name);

} // namespace sluice::actors
