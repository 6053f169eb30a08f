// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What flows along the edges of a graph, as plain values: for taps, injections
// and a host's own actors.
#pragma once

#include "sluice/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// What an edge carries; the same words as in graph files.
enum class message_type : std::uint8_t {
  request = 0, ///< to preprocess: what was asked
  prompt = 1,  ///< to routers and models: tokens
  tokens = 2,  ///< to postprocess: what a model generated
  text = 3     ///< to the door: what became complete
};

/// Why an answer ended.
enum class finish_reason : std::uint8_t {
  none = 0,      ///< it has not
  stop = 1,      ///< end token or stop string
  length = 2,    ///< max_tokens, or the end of the context
  cancelled = 3, ///< given up
  error = 4      ///< see code and error
};

/// "stop", "length" and so on; "" for none.
SLUICE_API const char* name(finish_reason reason) noexcept;

/// One message. Which fields count depends on the type; the others are empty.
/// What the fields do not show (sampling, output format, ...) travels along
/// unseen: copy a message and change the copy to pass it on.
struct message {
  message_type type = message_type::request;
  std::uint64_t id = 0; ///< of the request that it belongs to

  // request and prompt
  std::chrono::system_clock::time_point deadline{};
  std::string tenant;
  std::vector<std::string> labels;
  std::string messages; ///< request: JSON array of chat messages, or ""

  /// request: a raw prompt, or "". text: what became complete, in UTF-8.
  std::string text;
  /// request and prompt: the prompt's ids. tokens: none or one generated id.
  std::vector<std::int32_t> tokens;

  // tokens and text
  bool begins = false; ///< tokens: an answer begins, with prompt_tokens
  std::uint32_t prompt_tokens = 0;
  std::uint32_t completion_tokens = 0; ///< text: so far
  finish_reason finish = finish_reason::none;
  error_code code = error_code::none; ///< with finish_reason::error
  std::string error;                  ///< with finish_reason::error

  /// The rest of it; leave it as it is.
  std::shared_ptr<const void> origin;
};

} // namespace sluice
