// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Text deltas to the bytes a client gets, whole or as server-sent events: the
// interface that flight sees. Each dialect has its own writer beside this file;
// make_answer_writer() is the one place that knows them all. Pure: time and ids
// are arguments.
#pragma once

#include "actors/gateway/answer_tally.hpp"
#include "actors/gateway/api_request.hpp"
#include "actors/messages.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::actors {

/// What tells answers apart.
struct answer_stamp {
  std::uint64_t id = 0;     ///< of the HTTP request
  std::int64_t created = 0; ///< seconds since 1970
};

/// Writes one HTTP request's answer. Choices are numbered as in answer_tally.
class answer_writer {
public:
  virtual ~answer_writer() = default;

  answer_tally& tally() noexcept { return tally_; }
  const answer_tally& tally() const noexcept { return tally_; }

  /// Events before any text. Streams only.
  virtual std::string first_events() { return {}; }
  /// Books `delta`; streams get its events, others "".
  std::string push(std::size_t choice, const text_delta& delta);
  /// Events after all choices have ended.
  virtual std::string last_events() { return {}; }
  /// An error in mid-stream, and the stream's end.
  virtual std::string error_events(const api_error& error);
  /// What was found out about the request only now: it fails.
  virtual std::optional<api_error> wrong() const { return std::nullopt; }
  /// The whole answer of a request that does not stream.
  virtual std::string body() const = 0;

protected:
  explicit answer_writer(const api_request& request)
      : streams_{request.stream}, tally_{request.prompts.size(),
                                         request.choices} {}

  bool streams() const noexcept { return streams_; }

private:
  /// Keeps what the whole answer needs, or returns the events of a stream. The
  /// tally has booked `delta` already.
  virtual std::string say(std::size_t choice, const text_delta& delta) = 0;

  bool streams_;
  answer_tally tally_;
};

/// The writer for `request.kind`.
std::unique_ptr<answer_writer> make_answer_writer(const api_request& request,
                                                  answer_stamp stamp);

/// "chatcmpl-00000000000000ff"
std::string answer_id(std::string_view prefix, std::uint64_t id);

/// "stop", "length", "tool_calls"; cancelled and error have no name in OpenAI's
/// API.
std::string_view name(finish_reason reason) noexcept;

} // namespace sluice::actors
