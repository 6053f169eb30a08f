// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The plain terms that messages and pure policies share: ids, instants, error
// codes, how an answer ends. Free of CAF, so that policies are too.
#pragma once

#include "device/model/prompt_reading.hpp"
#include "device/model/sampling.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::actors {

/// Identifies one choice of one HTTP request within the graph's lifetime.
using request_id = std::uint64_t;

/// Requests that a host program makes have ids from here on; those that come
/// over HTTP lie below.
inline constexpr request_id first_host_id = request_id{1} << 62;

/// Wall-clock instant; deadlines are absolute so that they survive a hop.
using instant = std::chrono::time_point<std::chrono::system_clock,
                                        std::chrono::nanoseconds>;

/// Why a request ended without its answer. Numbers travel: never reuse one.
enum class errc : std::uint8_t {
  none = 0,
  bad_request = 1,       ///< a parameter is out of its range
  prompt_too_long = 2,   ///< the prompt leaves no room in the context
  unknown_model = 3,     ///< no such model in this graph
  overloaded = 4,        ///< queues are full, try again later
  deadline_exceeded = 5, ///< the request's deadline passed
  cancelled = 6,         ///< the client or an operator gave up
  shutting_down = 7,     ///< the process drains
  model_failed = 8,      ///< a stage failed; the text says how
  template_failed = 9,   ///< the chat template refused the conversation
  no_route = 10,         ///< no rule of a router matches
  host_failed = 11,      ///< the host program's own code threw; the text says
};

/// Why an answer ended.
enum class finish_reason : std::uint8_t {
  none,       ///< not ended
  stop,       ///< end token or stop string
  length,     ///< max_tokens or the context's end
  cancelled,  ///< cancel
  error,      ///< deadline, failure, shutdown: see code and error
  tool_calls, ///< as stop, after at least one tool call
};

/// Where the time of an answer went, in seconds.
struct answer_times {
  double queued = 0;  ///< from admission to the first step
  double prefill = 0; ///< from there to the first token
  double decode = 0;  ///< from there to the last token
};

/// A part of a tool call, in the order they are said. The first part of each
/// call has its id and name; later ones go on with the arguments.
struct tool_call_delta {
  std::uint32_t index = 0; ///< of the call within the answer
  std::string id;
  std::string name;
  std::string arguments; ///< JSON text, cut anywhere
};

/// One token of one answer, or its end.
struct generated {
  request_id id = 0;
  /// False when only the end is told (cancel, deadline, error).
  bool has_token = false;
  device::sampled_token token;
  finish_reason finish = finish_reason::none;
  errc code = errc::none;          ///< with finish_reason::error
  std::string error;               ///< with finish_reason::error
  std::uint32_t cached_tokens = 0; ///< of the prompt, found in the cache
  answer_times times;              ///< so far
  device::prompt_part prompt;      ///< read off it since the last time
};

} // namespace sluice::actors
