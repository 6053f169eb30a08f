// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Messages between actors as bytes and back, for links between nodes. The
// layout is messages.capnp; what a stage computed travels beside it as floats,
// so that it need not be copied into a message. Knows no actor and no socket.
#pragma once

#include "actors/messages.hpp"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace sluice::actors {

/// The reply to a request or a prompt that was not accepted.
struct refused {
  request_id id = 0;
  errc code = errc::none;
  std::string text;
  std::uint32_t retry_seconds = 0; ///< 0: not said
};

/// Everything that may cross a link.
using linked_message =
    std::variant<request, prompt, accepted, refused, cancel, hold,
                 forget_session, generation, step_output, text_delta,
                 stage_pass, step_result, load_progress, stage_loaded, credit>;

struct encoded_message {
  /// A Cap'n Proto message with its segment table, in words of eight bytes.
  std::vector<std::uint64_t> body;
  /// Of a stage_pass: hidden states, then proposals; else empty.
  std::vector<float> hidden;
  std::vector<float> proposals;
};

/// Bytes that are no message of ours.
class codec_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// `now` turns deadlines into time left.
encoded_message encode(linked_message what, instant now);

/// The message of `body`; `floats` are hidden states and proposals, one behind
/// the other, as the body counts them. Throws codec_error: whatever the bytes
/// are, nothing else happens.
linked_message decode(std::span<const std::uint64_t> body,
                      std::vector<float> floats, instant now);

} // namespace sluice::actors
