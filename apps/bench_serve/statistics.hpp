// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// From samples to the figures of a report: percentiles, throughput, goodput.
// Pure; the formulas are also texts, so that help and report cite them.
#pragma once

#include "apps/bench_serve/run_record.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::apps {

/// Of one measure. All zero when there is no value.
struct summary {
  std::size_t count = 0;
  double mean = 0;
  double median = 0;
  double p90 = 0;
  double p95 = 0;
  double p99 = 0;
  double least = 0;
  double most = 0;
};

/// The value below which `share` of the sorted values lie, linear between
/// neighbours (Hyndman and Fan's type 7). `sorted` must not be empty.
double percentile(const std::vector<double>& sorted, double share);

summary summarize(std::vector<double> values);

/// A request's own figures, seconds.
double time_to_first_token(const request_sample& r);
double end_to_end(const request_sample& r);
/// Nothing for answers of one token.
std::optional<double> time_per_output_token(const request_sample& r);

/// Bounds that an answer has to meet, seconds; unset ones are met.
struct objective {
  std::optional<double> ttft;
  std::optional<double> tpot;
  std::optional<double> itl; ///< of the longest gap
  std::optional<double> e2e;
  std::string text; ///< as it was written

  /// "ttft=200ms,tpot=20ms". Throws std::invalid_argument.
  static objective parse(const std::string& text);
  bool met_by(const request_sample& r) const;
};

struct serving_report {
  summary ttft, tpot, itl, e2e; ///< seconds
  summary lateness;             ///< seconds from due to sent
  std::size_t answered = 0;
  std::size_t failed = 0;
  double elapsed = 0;             ///< seconds
  double requests_per_second = 0; ///< answered
  double output_per_second = 0;   ///< tokens
  double prompt_per_second = 0;   ///< tokens
  double mean_output = 0;         ///< tokens per answer
  double wanted_output = 0;
  double mean_prompt = 0; ///< tokens; 0 when the server does not count
  double wanted_prompt = 0;
  double cached_share = 0; ///< of the prompt tokens
  double mean_in_flight = 0;
  double generator_share = 0;    ///< of one core
  std::optional<double> goodput; ///< requests per second that met all
  double met_share = 0;          ///< of the requests that were sent and ended
};

serving_report make_report(const run_record& record,
                           const std::optional<objective>& bounds);

/// One formula per line.
std::string_view formulas();

} // namespace sluice::apps
