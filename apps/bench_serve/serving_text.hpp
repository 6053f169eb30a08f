// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A serving report as people and as programs read it. Pure.
#pragma once

#include "apps/bench_serve/statistics.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice::apps {

/// What was run, in words and numbers that repeat it.
struct run_description {
  std::string url;
  std::string endpoint; ///< "/v1/chat/completions"
  std::string model;
  std::string load;      ///< "closed loop, 16 clients, keep-alive"
  std::string lengths;   ///< "prompts 80, answers 64 tokens"
  std::string tokenizer; ///< how lengths were found: "/tokenize", "usage", ""
  std::optional<double> wanted_rate;  ///< requests per second, mean
  std::optional<double> shared_share; ///< of a trace's prompt tokens
  std::optional<objective> bounds;
  std::uint64_t seed = 0;
};

/// The table, failures, warnings and the formulas.
std::string to_text(const run_description& what, const run_record& record,
                    const serving_report& report);

/// What makes the figures doubtful, one sentence each.
std::vector<std::string> warnings(const run_description& what,
                                  const run_record& record,
                                  const serving_report& report);

/// The same and every request; times in seconds.
boost::json::object to_json(const run_description& what,
                            const run_record& record,
                            const serving_report& report);

} // namespace sluice::apps
