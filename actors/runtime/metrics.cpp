// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/metrics.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <functional>

namespace sluice::actors {

namespace {

// vLLM's buckets, with finer ones below them: a small model's token takes less
// than a millisecond. Seconds.
constexpr std::array first_token_bounds{
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25,  0.5,   0.75,
    1.0,   2.5,   5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0};
// Fine where two servers would differ: a step is what a stream waits for.
constexpr std::array pass_bounds{
    0.0005, 0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025,
    0.03,   0.04,  0.05,  0.06,  0.08,  0.1,   0.15,  0.2,  0.3,   0.5,  1.0};
constexpr std::array token_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                  0.05,   0.075, 0.1,    0.15,  0.2,  0.3,
                                  0.4,    0.5,   0.75,   1.0,   2.5,  5.0,
                                  7.5,    10.0,  20.0,   40.0,  80.0};
constexpr std::array request_bounds{0.01,  0.05,  0.1,   0.3,   0.5,    0.8,
                                    1.0,   1.5,   2.0,   2.5,   5.0,    10.0,
                                    15.0,  20.0,  30.0,  40.0,  50.0,   60.0,
                                    120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0};
// Tokens of a request, and of a step.
constexpr std::array count_bounds{
    1.0,   2.0,    5.0,    10.0,   20.0,    50.0,    100.0,   200.0,
    500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 50000.0, 100000.0};
constexpr std::array step_bounds{1.0,    8.0,    16.0,   32.0,   64.0,
                                 128.0,  256.0,  512.0,  1024.0, 2048.0,
                                 4096.0, 8192.0, 16384.0};
constexpr std::array choice_bounds{1.0, 2.0, 5.0, 10.0, 20.0};

constexpr std::array<std::string_view, 3> finished_names{"stop", "length",
                                                         "abort"};

// The shortest text that reads back as `value`: 0.1, 3, 1e+30.
std::string number(double value) {
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

// Label values escape backslash, quote and newline (exposition format 0.0.4).
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

class page {
public:
  void head(std::string_view name, std::string_view type,
            std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(type);
    text_ += '\n';
  }

  // `labels` without braces, may be "".
  void line(std::string_view name, std::string_view labels, double value) {
    text_ += name;
    if (!labels.empty())
      text_.append("{").append(labels).append("}");
    text_.append(" ").append(number(value)).append("\n");
  }

  void distribution(const std::string& name, const std::string& labels,
                    const histogram& values) {
    double total = 0;
    for (std::size_t i = 0; i <= values.bounds().size(); ++i) {
      total += static_cast<double>(values.in_bucket(i));
      const auto bound = i < values.bounds().size() ? number(values.bounds()[i])
                                                    : std::string{"+Inf"};
      line(name + "_bucket", labels + ",le=\"" + bound + "\"", total);
    }
    line(name + "_sum", labels, values.sum());
    line(name + "_count", labels, total);
  }

  std::string take() { return std::move(text_); }

private:
  std::string text_;
};

struct labelled {
  std::string labels;
  const model_metrics* values;
};

struct labelled_cache {
  std::string labels;
  const cache_metrics* values;
};

void write_scalars(page& out, const std::vector<labelled>& models) {
  const auto gauges = [&](std::string_view name, std::string_view help,
                          gauge model_metrics::*field) {
    out.head(name, "gauge", help);
    for (const auto& m : models)
      out.line(name, m.labels, (m.values->*field).value());
  };
  const auto counters = [&](std::string_view name, std::string_view help,
                            counter model_metrics::*field) {
    out.head(name, "counter", help);
    for (const auto& m : models)
      out.line(name, m.labels, static_cast<double>((m.values->*field).value()));
  };
  gauges("vllm:num_requests_running", "Requests in the batch.",
         &model_metrics::requests_running);
  gauges("vllm:num_requests_waiting", "Requests waiting for the batch.",
         &model_metrics::requests_waiting);
  gauges("vllm:kv_cache_usage_perc", "Share of KV blocks in use, 0 to 1.",
         &model_metrics::kv_cache_usage);
  counters("vllm:prompt_tokens_total", "Prompt tokens prefilled.",
           &model_metrics::prompt_tokens);
  counters("vllm:generation_tokens_total", "Tokens generated.",
           &model_metrics::generation_tokens);
  counters("vllm:spec_decode_num_drafts_total", "Drafts verified.",
           &model_metrics::drafts);
  counters("vllm:spec_decode_num_draft_tokens_total", "Tokens drafted.",
           &model_metrics::draft_tokens);
  counters("vllm:spec_decode_num_accepted_tokens_total",
           "Drafted tokens that held.", &model_metrics::accepted_tokens);
  counters("vllm:num_preemptions_total",
           "Requests put back to waiting for want of blocks.",
           &model_metrics::preemptions);
  counters("vllm:prefix_cache_queries_total",
           "Prompt tokens looked up in the prefix cache.",
           &model_metrics::prefix_cache_queries);
  counters("vllm:prefix_cache_hits_total",
           "Prompt tokens found in the prefix cache.",
           &model_metrics::prefix_cache_hits);
  counters("sluice_kv_host_hits_total", "KV blocks back from main memory.",
           &model_metrics::kv_host_hits);
  counters("sluice_kv_disk_hits_total", "KV blocks back from disk.",
           &model_metrics::kv_disk_hits);
  counters("sluice_kv_host_evictions_total",
           "KV blocks for which main memory had no more room.",
           &model_metrics::kv_host_evictions);
  counters("sluice_kv_disk_evictions_total",
           "KV blocks for which the disk had no more room.",
           &model_metrics::kv_disk_evictions);
  counters("sluice_kv_disk_errors_total",
           "KV blocks damaged on disk or not written.",
           &model_metrics::kv_disk_errors);
  counters("sluice_kv_disk_dropped_total",
           "KV blocks not written because the disk was too slow.",
           &model_metrics::kv_disk_dropped);
  gauges("sluice_kv_host_bytes", "KV blocks in main memory, in bytes.",
         &model_metrics::kv_host_bytes);
  gauges("sluice_kv_disk_bytes", "KV blocks on disk, in bytes.",
         &model_metrics::kv_disk_bytes);
}

void write_histograms(page& out, const std::vector<labelled>& models) {
  const auto all = [&](const std::string& name, std::string_view help,
                       histogram model_metrics::*field) {
    out.head(name, "histogram", help);
    for (const auto& m : models)
      out.distribution(name, m.labels, m.values->*field);
  };
  all("vllm:iteration_tokens_total", "Tokens of one step.",
      &model_metrics::iteration_tokens);
  all("sluice_step_time_seconds", "From a step's plan to its result.",
      &model_metrics::step_time);
  all("vllm:request_queue_time_seconds", "From admission to the first step.",
      &model_metrics::queue_time);
  all("vllm:request_prefill_time_seconds", "From there to the first token.",
      &model_metrics::prefill_time);
  all("vllm:request_decode_time_seconds", "From there to the last token.",
      &model_metrics::decode_time);
  all("vllm:request_inference_time_seconds", "Prefill and decode together.",
      &model_metrics::inference_time);
  all("vllm:time_to_first_token_seconds", "From arrival to the first text.",
      &model_metrics::time_to_first_token);
  all("vllm:inter_token_latency_seconds", "Between two deltas of a stream.",
      &model_metrics::inter_token_latency);
  // Two names of one figure: the second is its newer one.
  all("vllm:time_per_output_token_seconds", "Mean of one request.",
      &model_metrics::time_per_output_token);
  all("vllm:request_time_per_output_token_seconds", "Mean of one request.",
      &model_metrics::time_per_output_token);
  all("vllm:e2e_request_latency_seconds", "From arrival to the end.",
      &model_metrics::e2e_latency);
  all("vllm:request_prompt_tokens", "Prompt tokens of one request.",
      &model_metrics::request_prompt_tokens);
  all("vllm:request_generation_tokens", "Generated tokens of one request.",
      &model_metrics::request_generation_tokens);
  all("vllm:request_params_max_tokens", "Tokens that a request allowed.",
      &model_metrics::request_max_tokens);
  all("vllm:request_params_n", "Choices that a request asked for.",
      &model_metrics::request_choices);
}

void write_success(page& out, const std::vector<labelled>& models) {
  out.head("vllm:request_success_total", "counter",
           "Requests that ended, by reason.");
  for (const auto& m : models)
    for (std::size_t i = 0; i < finished_names.size(); ++i)
      out.line("vllm:request_success_total",
               m.labels + ",finished_reason=\"" + std::string{finished_names[i]}
                   + "\"",
               static_cast<double>(m.values->request_success[i].value()));
}

void write_caches(page& out, const std::vector<labelled_cache>& caches) {
  const auto counters = [&](std::string_view name, std::string_view help,
                            counter cache_metrics::*field) {
    out.head(name, "counter", help);
    for (const auto& c : caches)
      out.line(name, c.labels, static_cast<double>((c.values->*field).value()));
  };
  const auto gauges = [&](std::string_view name, std::string_view help,
                          gauge cache_metrics::*field) {
    out.head(name, "gauge", help);
    for (const auto& c : caches)
      out.line(name, c.labels, (c.values->*field).value());
  };
  if (caches.empty())
    return;
  counters("sluice_cache_hits_total", "Requests answered from memory.",
           &cache_metrics::hits);
  counters("sluice_cache_misses_total", "Requests whose answer was not known.",
           &cache_metrics::misses);
  counters("sluice_cache_bypassed_total",
           "Requests whose answer cannot be foretold.",
           &cache_metrics::bypassed);
  gauges("sluice_cache_entries", "Answers remembered.",
         &cache_metrics::entries);
  gauges("sluice_cache_bytes", "Bytes that they take.", &cache_metrics::bytes);
}

void write_door(page& out, const door_metrics& door) {
  out.head("sluice_http_responses_total", "counter",
           "HTTP responses, by status.");
  for (unsigned status = 100; status < 600; ++status)
    if (const auto n = door.responses(status); n > 0)
      out.line("sluice_http_responses_total",
               "code=\"" + std::to_string(status) + "\"",
               static_cast<double>(n));
  const auto one = [&](std::string_view name, std::string_view type,
                       std::string_view help, double value) {
    out.head(name, type, help);
    out.line(name, "", value);
  };
  const auto total = [&](std::string_view name, std::string_view help,
                         const counter& value) {
    one(name, "counter", help, static_cast<double>(value.value()));
  };
  one("sluice_http_connections", "gauge", "Open connections.",
      door.connections.value());
  one("sluice_requests_in_flight", "gauge", "Choices not ended yet.",
      door.requests_in_flight.value());
  total("sluice_queue_rejections_total", "Requests refused: full house.",
        door.queue_rejections);
  total("sluice_slow_clients_total", "Streams cut: nobody read them.",
        door.slow_clients);
  total("sluice_client_disconnects_total", "Clients gone before the end.",
        door.disconnects);
  total("sluice_deadlines_missed_total", "Requests past their deadline.",
        door.deadlines_missed);
}

} // namespace

histogram::histogram(std::span<const double> bounds)
    : bounds_{bounds.begin(), bounds.end()},
      buckets_{
          std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)} {
  assert(std::is_sorted(bounds.begin(), bounds.end()));
}

void histogram::observe(double value) noexcept {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(
      1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t histogram::count() const noexcept {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds_.size(); ++i)
    total += in_bucket(i);
  return total;
}

model_metrics::model_metrics()
    : iteration_tokens{step_bounds}, step_time{pass_bounds},
      queue_time{request_bounds}, prefill_time{request_bounds},
      decode_time{request_bounds}, inference_time{request_bounds},
      time_to_first_token{first_token_bounds},
      inter_token_latency{token_bounds}, time_per_output_token{token_bounds},
      request_max_tokens{count_bounds}, request_choices{choice_bounds},
      e2e_latency{request_bounds}, request_prompt_tokens{count_bounds},
      request_generation_tokens{count_bounds} {}

void door_metrics::count_response(unsigned status) noexcept {
  if (status < by_status_.size())
    by_status_[status].add();
}

std::uint64_t door_metrics::responses(unsigned status) const noexcept {
  return status < by_status_.size() ? by_status_[status].value() : 0;
}

model_metrics& metrics::model(std::string_view name) {
  const std::lock_guard lock{mutex_};
  auto at = models_.find(name);
  if (at == models_.end())
    at = models_.emplace(std::string{name}, std::make_unique<model_metrics>())
             .first;
  return *at->second;
}

cache_metrics& metrics::cache(std::string_view actor) {
  const std::lock_guard lock{mutex_};
  auto at = caches_.find(actor);
  if (at == caches_.end())
    at = caches_.emplace(std::string{actor}, std::make_unique<cache_metrics>())
             .first;
  return *at->second;
}

std::string metrics::prometheus() const {
  std::vector<labelled> models;
  std::vector<labelled_cache> caches;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, values] : models_)
      models.push_back({"model_name=\"" + escape(name) + "\"", values.get()});
    for (const auto& [name, values] : caches_)
      caches.push_back({"cache=\"" + escape(name) + "\"", values.get()});
  }
  page out;
  write_scalars(out, models);
  write_histograms(out, models);
  write_success(out, models);
  write_caches(out, caches);
  write_door(out, door);
  return out.take();
}

} // namespace sluice::actors
