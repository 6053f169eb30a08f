// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The requests of a load run, one after the other: lengths from distributions
// or a trace, texts from the prompt writer, times from an arrival process or
// the trace. Pure; the same seed gives the same requests.
#pragma once

#include "apps/bench_serve/arrivals.hpp"
#include "apps/bench_serve/lengths.hpp"
#include "apps/bench_serve/prompt_text.hpp"
#include "apps/bench_serve/trace.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>

namespace sluice::apps {

enum class endpoint : std::uint8_t { chat, completions };

/// "/v1/chat/completions"
std::string_view path_of(endpoint where);

/// What all requests of a run have in common.
struct request_form {
  endpoint where = endpoint::chat;
  std::string model;
  bool ignore_eos = true;
  double temperature = 0;
  boost::json::object extra; ///< added to each body, and wins
};

/// The body of a request; streamed answers report their usage.
boost::json::object request_body(const request_form& form,
                                 const std::string& text,
                                 std::uint32_t output_tokens);

struct planned_request {
  std::string body;
  std::optional<double> at; ///< seconds from the start; nothing: when free
  std::uint32_t prompt_tokens = 0;
  std::uint32_t output_tokens = 0;
};

struct workload_settings {
  request_form form;
  length_distribution prompt{256};
  length_distribution output{128};
  std::optional<trace> recorded; ///< gives the lengths, and the times unless:
  std::optional<arrival_process> arrivals;
  /// Nobody waits for a time: a closed loop.
  bool closed = false;
  std::uint64_t seed = 0;
};

class workload {
public:
  workload(workload_settings settings, calibration tokenizer);

  /// Nothing once a trace has been replayed.
  std::optional<planned_request> next();

private:
  std::string text_of(const trace_request& r) const;

  workload_settings settings_;
  prompt_writer writer_;
  std::mt19937_64 random_;
  std::uint64_t count_ = 0;
};

} // namespace sluice::apps
