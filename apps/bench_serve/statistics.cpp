// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/statistics.hpp"

#include "apps/bench_serve/duration.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace sluice::apps {

double percentile(const std::vector<double>& sorted, double share) {
  assert(!sorted.empty());
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, sorted.size() - 1);
  const double part = at - std::floor(at);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

summary summarize(std::vector<double> values) {
  if (values.empty())
    return {};
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.count = values.size(),
          .mean = sum / static_cast<double>(values.size()),
          .median = percentile(values, 0.5),
          .p90 = percentile(values, 0.9),
          .p95 = percentile(values, 0.95),
          .p99 = percentile(values, 0.99),
          .least = values.front(),
          .most = values.back()};
}

double time_to_first_token(const request_sample& r) {
  return r.first - r.due;
}

double end_to_end(const request_sample& r) {
  return r.last - r.due;
}

std::optional<double> time_per_output_token(const request_sample& r) {
  if (r.output_tokens < 2)
    return {};
  return (r.last - r.first) / (r.output_tokens - 1);
}

objective objective::parse(const std::string& text) {
  objective out;
  out.text = text;
  const std::array<std::pair<std::string_view, std::optional<double>*>, 4>
      names{{{"ttft", &out.ttft},
             {"tpot", &out.tpot},
             {"itl", &out.itl},
             {"e2e", &out.e2e}}};
  for (std::string_view rest = text; !rest.empty();) {
    const auto one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const auto equals = one.find('=');
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const auto& n) {
          return n.first == one.substr(0, equals);
        });
    if (equals == one.npos || found == names.end())
      throw std::invalid_argument{"'" + std::string{one}
                                  + "' is no objective; write ttft=200ms, "
                                    "tpot=20ms, itl=50ms or e2e=2s"};
    *found->second = parse_duration(one.substr(equals + 1));
  }
  return out;
}

bool objective::met_by(const request_sample& r) const {
  const auto within = [](const std::optional<double>& bound, double value) {
    return !bound || value <= *bound;
  };
  return within(ttft, time_to_first_token(r)) && within(e2e, end_to_end(r))
         && within(itl, r.longest_gap)
         && within(tpot, time_per_output_token(r).value_or(0));
}

namespace {

/// Every sample's value, where it has one.
template <class Measure>
summary over(const std::vector<request_sample>& samples, Measure measure) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const auto& r : samples)
    if (const std::optional<double> value = measure(r))
      values.push_back(*value);
  return summarize(std::move(values));
}

void count_tokens(const run_record& record, serving_report& out) {
  double prompt = 0;
  double wanted_prompt = 0;
  double cached = 0;
  double output = 0;
  double wanted_output = 0;
  double in_flight = 0; // seconds, of all requests
  for (const auto& r : record.answered) {
    prompt += r.prompt_tokens;
    wanted_prompt += r.prompt_wanted;
    cached += r.cached_tokens;
    output += r.output_tokens;
    wanted_output += r.output_wanted;
    in_flight += r.end - r.sent;
  }
  const auto count = static_cast<double>(record.answered.size());
  if (count > 0) {
    out.mean_prompt = prompt / count;
    out.wanted_prompt = wanted_prompt / count;
    out.mean_output = output / count;
    out.wanted_output = wanted_output / count;
  }
  out.cached_share = prompt > 0 ? cached / prompt : 0;
  if (record.elapsed > 0) {
    out.requests_per_second = count / record.elapsed;
    out.output_per_second = output / record.elapsed;
    out.prompt_per_second = prompt / record.elapsed;
    out.mean_in_flight = in_flight / record.elapsed;
    out.generator_share = record.generator_cpu / record.elapsed;
  }
}

} // namespace

serving_report make_report(const run_record& record,
                           const std::optional<objective>& bounds) {
  serving_report out;
  out.elapsed = record.elapsed;
  out.answered = record.answered.size();
  for (const auto& [kind, failure] : record.failures)
    out.failed += failure.count;
  out.ttft = over(record.answered, time_to_first_token);
  out.e2e = over(record.answered, end_to_end);
  out.tpot = over(record.answered, time_per_output_token);
  out.itl = summarize({record.gaps.begin(), record.gaps.end()});
  out.lateness = over(record.answered,
                      [](const request_sample& r) { return r.sent - r.due; });
  count_tokens(record, out);
  if (bounds && record.elapsed > 0) {
    const auto met = static_cast<double>(
        std::count_if(record.answered.begin(), record.answered.end(),
                      [&](const auto& r) { return bounds->met_by(r); }));
    out.goodput = met / record.elapsed;
    const auto ended = static_cast<double>(out.answered + out.failed);
    out.met_share = ended > 0 ? met / ended : 0;
  }
  return out;
}

std::string_view formulas() {
  return "TTFT = first text - due\n"
         "TPOT = (last text - first text) / (output tokens - 1), answers of 2 "
         "tokens and more\n"
         "ITL  = time between two pieces of text of one answer, all answers "
         "together\n"
         "E2E  = last text - due\n"
         "due  = when the request was to be sent: in an open loop its arrival, "
         "in a closed one the moment it was sent\n"
         "tok/s = output tokens of answered requests / (last moment - first "
         "moment)\n"
         "percentiles are linear between neighbours; goodput counts answers "
         "that met every bound (itl: the longest gap)\n";
}

} // namespace sluice::apps
