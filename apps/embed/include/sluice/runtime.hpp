// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The runtime inside a host program: a graph opened from a file or a text, with
// or without its HTTP port. Needs the standard library alone; docs/embedding.md
// tells the rest. Every member may be called from any thread, except that a
// runtime is opened, moved and destroyed by one.
//
// Callbacks (deltas, taps, log, progress) come on threads of the runtime. They
// may submit, inject, tap and cancel; what would wait for itself (close, drain,
// a blocking pull) throws error_code::misuse there. What a callback throws is
// caught.
#pragma once

#include "sluice/actor_kind.hpp"
#include "sluice/request.hpp"

#include <filesystem>

namespace sluice::apps {
class runtime_core;
struct tapped_edge;
} // namespace sluice::apps

namespace sluice {

enum class log_level : std::uint8_t { debug, info, warning, error };

enum class phase : std::uint8_t { loading, ready, failed, closed };

/// How far one model is.
struct model_status {
  std::string name;
  phase state = phase::loading;
  std::uint64_t done = 0;  ///< bytes
  std::uint64_t total = 0; ///< bytes; 0 until known
  std::string error;       ///< with phase::failed
};

struct runtime_status {
  phase state = phase::loading;
  std::string failure; ///< with phase::failed
  std::vector<model_status> models;
  std::size_t in_flight = 0; ///< requests of the host
  std::string listening;     ///< "127.0.0.1:8080", or "" without a port
};

/// How a runtime ended.
struct close_report {
  std::uint32_t given_up = 0; ///< requests that drained too slowly
  std::uint32_t killed = 0;   ///< actors that did not stop in time
  std::string books;          ///< what is wrong with KV blocks, or ""

  bool clean() const noexcept { return killed == 0 && books.empty(); }
};

struct runtime_options {
  /// Opens the gateway's port. Without, no port is opened, and a graph needs no
  /// gateway: then requests of the host enter at its one open input for them.
  bool serve = false;
  std::string listen; ///< with serve: instead of the gateway's address
  std::filesystem::path folder;    ///< open_text: what paths are relative to
  std::filesystem::path placement; ///< a placement file, or ""
  unsigned threads = 0;            ///< that compute; 0: every core
  std::size_t max_requests = 1024; ///< of the host at once; more are refused
  std::chrono::milliseconds drain{10'000}; ///< for requests under way, at close
  /// Returns from open once requests are answered; otherwise at once.
  bool wait_ready = true;
  std::vector<actor_kind> kinds;
  std::function<void(log_level, std::string_view)> log;
  /// While models load, and a last time when they are ready or have failed.
  std::function<void(const std::vector<model_status>&)> progress;
};

/// Watches an edge for as long as it lives.
class SLUICE_API edge_tap {
public:
  edge_tap() noexcept; ///< none
  explicit edge_tap(std::unique_ptr<apps::tapped_edge> edge) noexcept;
  ~edge_tap();
  edge_tap(edge_tap&&) noexcept;
  edge_tap& operator=(edge_tap&&) noexcept;

  /// No call begins any more, and none is under way but the caller's own.
  void close() noexcept;

private:
  std::unique_ptr<apps::tapped_edge> edge_;
};

class SLUICE_API runtime {
public:
  /// A graph file (.yaml, .yml), or a model file that gets the default graph.
  /// Throws error: bad_graph with every mistake, bad_argument, cannot_listen,
  /// model_failed.
  static runtime open(const std::filesystem::path& file,
                      runtime_options options = {});
  /// As open, from the text of a graph file.
  static runtime open_text(std::string_view graph,
                           runtime_options options = {});

  /// close(), without its report.
  ~runtime();
  runtime(runtime&& other) noexcept;
  runtime& operator=(runtime&& other) noexcept;

  /// Throws error: bad_request, not_ready, closed. Everything later (full
  /// queues, deadlines, failures) is told by the answer.
  answer submit(const request& what);
  /// As submit, pushed: `show` gets every delta, one at a time. Returns the id.
  std::uint64_t submit(const request& what, delta_callback show);
  void cancel(std::uint64_t id) noexcept;

  /// "prep -> pick" for every edge of the graph; "pick.home -> home" where an
  /// actor names its outputs.
  std::vector<std::string> edges() const;
  /// Sends a message along an edge. A request or prompt with id 0 is a new
  /// request, whose answer is returned; otherwise there is none. Throws error:
  /// unknown_edge, wrong_type, bad_argument, closed.
  answer inject(std::string_view edge, message what);
  /// Shows a copy of each message that goes along an edge, in the thread that
  /// sends it: return soon. Throws error: unknown_edge, closed.
  [[nodiscard]] edge_tap tap(std::string_view edge,
                             std::function<void(const message&)> show);

  std::string name() const; ///< of the graph
  runtime_status status() const;
  /// Whether requests are answered, after at most `patience`.
  bool wait_ready(std::chrono::milliseconds patience) const;
  /// Whether requests are taken, after at most `patience`: their first layers
  /// run while the last ones are still being loaded.
  bool wait_accepting(std::chrono::milliseconds patience) const;
  /// The figures of GET /metrics.
  std::string metrics() const;

  /// Takes no more requests and waits for those under way. Returns how many
  /// were given up.
  std::uint32_t drain(std::chrono::milliseconds patience);
  /// Drains, then stops every actor and thread. Later calls return the first
  /// one's report, and all other members throw error_code::closed.
  close_report close();

private:
  explicit runtime(std::shared_ptr<apps::runtime_core> core) noexcept;
  apps::runtime_core& core() const;
  std::shared_ptr<apps::runtime_core> core_;
};

} // namespace sluice
