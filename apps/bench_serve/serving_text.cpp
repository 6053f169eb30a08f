// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/serving_text.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::apps {

namespace {

namespace json = boost::json;

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 400> out{};
  std::snprintf(out.data(), out.size(), format, values...);
  return out.data();
}

std::string row(const char* name, const summary& s) {
  return formatted("%-8s %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f\n", name,
                   1e3 * s.mean, 1e3 * s.median, 1e3 * s.p90, 1e3 * s.p95,
                   1e3 * s.p99, 1e3 * s.most);
}

std::string head(const run_description& what) {
  auto out = what.url + what.endpoint;
  if (!what.model.empty())
    out += ", model " + what.model;
  out += "\n" + what.load + "; " + what.lengths + "\n";
  if (what.shared_share)
    out += formatted("shared beginnings: %.1f %% of the trace's prompt "
                     "tokens\n",
                     100 * *what.shared_share);
  return out + "\n";
}

std::string counts(const run_description& what, const run_record& record,
                   const serving_report& r) {
  auto out = formatted("requests       %zu answered, %zu failed", r.answered,
                       r.failed);
  if (record.unfinished > 0)
    out += formatted(", %zu cut off", record.unfinished);
  out += formatted(" in %.2f s\n", r.elapsed);
  out += formatted("requests/s     %.2f", r.requests_per_second);
  if (what.wanted_rate)
    out += formatted(" (wanted %.2f)", *what.wanted_rate);
  out += formatted(", %.1f in flight on average\n", r.mean_in_flight);
  out += formatted("output tok/s   %.1f (%.1f tokens per answer, wanted "
                   "%.1f)\n",
                   r.output_per_second, r.mean_output, r.wanted_output);
  if (r.mean_prompt > 0)
    out += formatted("prompt tok/s   %.1f (%.1f tokens per prompt, wanted "
                     "%.1f; %.1f %% cached)\n",
                     r.prompt_per_second, r.mean_prompt, r.wanted_prompt,
                     100 * r.cached_share);
  if (r.goodput)
    out += formatted("goodput        %.2f requests/s met %s (%.1f %%)\n",
                     *r.goodput, what.bounds->text.c_str(), 100 * r.met_share);
  out += formatted("connections    %zu opened, %zu requests sent again\n",
                   record.connections, record.repeated);
  out += formatted("this client    %.0f %% of one core; p99 %.1f ms late\n",
                   100 * r.generator_share, 1e3 * r.lateness.p99);
  return out;
}

json::object to_json(const summary& s) {
  return {{"count", s.count}, {"mean", s.mean}, {"median", s.median},
          {"p90", s.p90},     {"p95", s.p95},   {"p99", s.p99},
          {"min", s.least},   {"max", s.most}};
}

json::object to_json(const request_sample& r) {
  return {{"due", r.due},
          {"sent", r.sent},
          {"first", r.first},
          {"last", r.last},
          {"end", r.end},
          {"longest_gap", r.longest_gap},
          {"prompt_tokens", r.prompt_tokens},
          {"cached_tokens", r.cached_tokens},
          {"output_tokens", r.output_tokens}};
}

json::object failures_json(const run_record& record) {
  json::object out;
  for (const auto& [kind, failure] : record.failures)
    out[kind] = {{"count", failure.count}, {"example", failure.example}};
  return out;
}

/// The rate's mean over requests that were due, against what left.
bool too_late(const serving_report& r) {
  constexpr double tolerable = 0.010; // seconds
  return r.lateness.p99 > tolerable;
}

} // namespace

std::vector<std::string> warnings(const run_description& what,
                                  const run_record& record,
                                  const serving_report& r) {
  constexpr double busy = 0.8; // of one core
  std::vector<std::string> out;
  if (!record.gave_up.empty())
    out.push_back("ended early: " + record.gave_up);
  if (record.interrupted)
    out.push_back("interrupted: the figures cover what was measured so far");
  if (r.generator_share > busy)
    out.push_back(formatted("this client used %.0f %% of its core: it may be "
                            "what limits the figures",
                            100 * r.generator_share));
  if (what.wanted_rate && too_late(r))
    out.push_back(formatted("one in a hundred requests left %.0f ms or more "
                            "after it was due: this client, or its "
                            "--concurrency, does not keep the wanted rate",
                            1e3 * r.lateness.p99));
  if (r.mean_prompt > 0
      && std::abs(r.mean_prompt - r.wanted_prompt) > 0.05 * r.wanted_prompt + 1)
    out.push_back(formatted("prompts had %.1f tokens instead of %.1f",
                            r.mean_prompt, r.wanted_prompt));
  if (r.answered > 0 && r.mean_output < 0.95 * r.wanted_output)
    out.push_back(formatted("answers had %.1f tokens instead of %.1f: they "
                            "ended by themselves, or at the context's end",
                            r.mean_output, r.wanted_output));
  if (what.tokenizer.empty())
    out.push_back("the server does not tell how it counts tokens: a word was "
                  "taken for a token");
  return out;
}

std::string to_text(const run_description& what, const run_record& record,
                    const serving_report& r) {
  auto out = head(what) + counts(what, record, r);
  if (r.answered > 0) {
    out += formatted("\n%-8s %9s %9s %9s %9s %9s %9s\n", "ms", "mean", "median",
                     "p90", "p95", "p99", "max");
    out += row("TTFT", r.ttft) + row("TPOT", r.tpot) + row("ITL", r.itl)
           + row("E2E", r.e2e);
  }
  if (!record.failures.empty())
    out += "\nfailures\n";
  for (const auto& [kind, failure] : record.failures)
    out += formatted("%6zu x %s: ", failure.count, kind.c_str())
           + failure.example + "\n";
  const auto doubts = warnings(what, record, r);
  if (!doubts.empty())
    out += "\n";
  for (const auto& doubt : doubts)
    out += "warning: " + doubt + "\n";
  return out + "\n" + std::string{formulas()};
}

json::object to_json(const run_description& what, const run_record& record,
                     const serving_report& r) {
  json::array requests;
  for (const auto& one : record.answered)
    requests.emplace_back(to_json(one));
  json::array doubts;
  for (const auto& doubt : warnings(what, record, r))
    doubts.emplace_back(doubt);
  json::object out{{"url", what.url},
                   {"endpoint", what.endpoint},
                   {"model", what.model},
                   {"load", what.load},
                   {"lengths", what.lengths},
                   {"tokenizer", what.tokenizer},
                   {"seed", what.seed},
                   {"elapsed", r.elapsed},
                   {"answered", r.answered},
                   {"failed", r.failed},
                   {"unfinished", record.unfinished},
                   {"requests_per_second", r.requests_per_second},
                   {"output_tokens_per_second", r.output_per_second},
                   {"prompt_tokens_per_second", r.prompt_per_second},
                   {"mean_prompt_tokens", r.mean_prompt},
                   {"mean_output_tokens", r.mean_output},
                   {"cached_share", r.cached_share},
                   {"mean_in_flight", r.mean_in_flight},
                   {"connections", record.connections},
                   {"repeated", record.repeated},
                   {"generator_share", r.generator_share},
                   {"ttft", to_json(r.ttft)},
                   {"tpot", to_json(r.tpot)},
                   {"itl", to_json(r.itl)},
                   {"e2e", to_json(r.e2e)},
                   {"lateness", to_json(r.lateness)},
                   {"failures", failures_json(record)},
                   {"warnings", std::move(doubts)},
                   {"requests", std::move(requests)}};
  if (what.wanted_rate)
    out["wanted_rate"] = *what.wanted_rate;
  if (what.shared_share)
    out["shared_prompt_share"] = *what.shared_share;
  if (r.goodput)
    out["goodput"] = {{"bounds", what.bounds->text},
                      {"requests_per_second", *r.goodput},
                      {"share", r.met_share}};
  return out;
}

} // namespace sluice::apps
