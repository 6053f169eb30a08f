// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Puts a workload on a server and writes down what happens: in a closed loop
// (each client asks again when its answer has ended) or an open one (requests
// leave when they are due). One thread; the report is made elsewhere.
#pragma once

#include "apps/bench_serve/run_record.hpp"
#include "apps/bench_serve/workload.hpp"
#include "transport/http/async_client.hpp"

#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace sluice::apps {

struct load_settings {
  transport::address server;
  transport::http::async_settings client;
  transport::http::header_list headers; ///< of each request
  std::string target;                   ///< path of each request
  /// Most requests at once; 0: any number, in an open loop.
  std::size_t concurrency = 0;
  std::size_t requests = 0; ///< 0: until the duration or the trace ends
  double duration = std::numeric_limits<double>::infinity(); ///< seconds
};

/// How far a run has come.
struct load_progress {
  double elapsed = 0; ///< seconds
  std::size_t answered = 0;
  std::size_t failed = 0;
  std::size_t in_flight = 0;
  double pieces_per_second = 0; ///< of text, lately
};

class load_run {
public:
  using clock = transport::http::async_client::clock;

  load_run(load_settings settings, workload requests);
  ~load_run();

  /// `interrupted` is asked some 20 times a second; true ends the run with what
  /// has been measured. `show` is called as often. Throws http_error when the
  /// server's name cannot be resolved.
  run_record run(const std::function<bool()>& interrupted,
                 const std::function<void(const load_progress&)>& show);

private:
  class flight;
  struct state;

  std::unique_ptr<state> state_;
};

} // namespace sluice::apps
