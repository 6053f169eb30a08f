// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The one exception that the embedding interface throws, and the closed list of
// reasons. Requests under way do not throw: their last delta carries the same
// codes.
#pragma once

#include "sluice/export.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice {

/// Numbers are part of the ABI: the C interface returns the same.
enum class error_code : std::int32_t {
  none = 0,
  bad_request = 1,       ///< a field of the request is wrong
  prompt_too_long = 2,   ///< the prompt leaves no room in the context
  unknown_model = 3,     ///< no such model in this graph
  overloaded = 4,        ///< queues are full, try again later
  deadline_exceeded = 5, ///< the request's deadline passed
  cancelled = 6,         ///< somebody gave the request up
  closed = 7,            ///< the runtime drains or is closed
  model_failed = 8,      ///< a model could not be loaded or run
  template_failed = 9,   ///< the chat template refused the conversation
  no_route = 10,         ///< no rule of a router matches
  host_failed = 11,      ///< a callback or an actor of the host threw
  bad_argument = 64,     ///< an argument or an option is wrong
  bad_graph = 65,        ///< the graph has mistakes, see error::mistakes()
  unknown_edge = 66,     ///< the graph has no such edge
  wrong_type = 67,       ///< a message of another type than the port or edge
  not_ready = 68,        ///< the models are still being opened
  cannot_listen = 69,    ///< the gateway's port cannot be opened
  timed_out = 70,        ///< the wait is over, the work is not
  misuse = 71,           ///< a call that would wait for itself
  failed = 72            ///< anything else; the text says what
};

/// "bad_request" and so on.
SLUICE_API const char* name(error_code code) noexcept;

/// One mistake of a graph file. Line and column count from 1; 0 if unknown.
struct mistake {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;
};

class SLUICE_API error : public std::runtime_error {
public:
  error(error_code code, const std::string& text,
        std::vector<mistake> mistakes = {});
  ~error() override;

  error_code code() const noexcept { return code_; }
  /// All of them, with bad_graph. what() has one line for each.
  const std::vector<mistake>& mistakes() const noexcept { return mistakes_; }

private:
  error_code code_;
  std::vector<mistake> mistakes_;
};

} // namespace sluice
