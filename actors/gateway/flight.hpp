// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One HTTP request on its way through the graph: its choices, what has been
// said, its figures. Pure but for the exchange it answers: time is an
// argument. The gateway actor holds a table of these.
#pragma once

#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/api_request.hpp"
#include "actors/gateway/native_pages.hpp"
#include "actors/gateway/session_table.hpp"
#include "actors/messages.hpp"
#include "actors/runtime/metrics.hpp"
#include "transport/http/exchange.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::actors {

/// A parsed request with the exchange that waits for its answer. Made on an
/// HTTP thread, sent to the gateway actor.
struct submission {
  std::uint64_t id = 0; ///< of the HTTP request, unique in this process
  std::shared_ptr<transport::http::exchange> client;
  api_request what;
  std::string path;
  std::string request_id; ///< X-Request-Id
  std::chrono::steady_clock::time_point arrived;
  session_table::lease_ptr lease = {}; ///< of the session it belongs to
  instant deadline = {};               ///< set by the gateway
};

/// Choices of a request that the graph has at the same time at most. Prompts
/// that are only read take turns: a list of them needs no long queue.
std::size_t most_asked(const api_request& what) noexcept;

/// Choice `index` of a client's request, as the graph is asked for it.
request to_request(const api_request& what, std::size_t index, request_id id,
                   instant deadline);

class flight {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Choice i is request `first` + i. `created` in seconds since 1970. The
  /// metrics must outlive it.
  flight(submission from, request_id first, std::int64_t created,
         model_metrics& model, door_metrics& door);

  std::uint64_t id() const noexcept { return from_.id; }
  request_id first() const noexcept { return first_; }
  std::size_t choices() const noexcept { return ended_.size(); }
  /// What it takes of the gateway's bound on choices in flight.
  std::size_t places() const noexcept { return most_asked(from_.what); }

  std::uint32_t place(std::size_t index) const { return tally()[index].place; }
  void place(std::size_t index, std::uint32_t number) {
    answer_->tally().place(index, number);
  }

  /// Adds the choices that the graph is at work on.
  void show(std::vector<busy_slot>& to) const;

  /// What the graph is asked for the next choice; nothing when it has been
  /// asked for all, or for enough until one ends.
  std::optional<request> next_request();

  /// The model took a choice. Once it has taken all, a stream begins.
  void accepted(request_id id, std::uint32_t prompt_tokens);
  /// Text came. `delta.id` must be one of this flight's.
  void delta(const text_delta& delta, time_point now);
  /// Ends all choices with an error: a response, or an event in mid-stream.
  void fail(const api_error& error, time_point now);
  /// The client went away; nothing more is written.
  void gone();

  bool done() const noexcept { return done_; }
  /// Choices that the graph may still be working on.
  std::vector<request_id> unfinished() const;
  /// One line for the log.
  std::string summary(time_point now) const;

private:
  const answer_tally& tally() const noexcept {
    return std::as_const(*answer_).tally();
  }
  void begin();
  void first_text(time_point now);
  void finish(time_point now);
  void end_lease(bool succeeded);
  void count_end(std::size_t choice);

  submission from_;
  request_id first_;
  std::unique_ptr<answer_writer> answer_;
  model_metrics* model_;
  door_metrics* door_;
  std::size_t asked_ = 0;    // choices
  std::size_t finished_ = 0; // of them
  std::size_t accepted_ = 0;
  std::vector<bool> ended_;        // [choices]
  std::vector<time_point> latest_; // [choices], of text; epoch: none yet
  time_point first_text_{};
  bool begun_ = false;
  bool done_ = false;
  unsigned status_ = 200;
};

} // namespace sluice::actors
