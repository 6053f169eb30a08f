// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the process counts, and how Prometheus reads it. Build makes one
// `metrics` and hands it down; actors and HTTP threads count without locks.
// Names follow vLLM's where the meaning is the same, so that its dashboards
// work; ours start with sluice_. Knows no actor, no socket and no clock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// Only goes up.
class counter {
public:
  void add(std::uint64_t n = 1) noexcept {
    value_.fetch_add(n, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// Goes up and down.
class gauge {
public:
  void set(double value) noexcept {
    value_.store(value, std::memory_order_relaxed);
  }
  void add(double delta) noexcept {
    value_.fetch_add(delta, std::memory_order_relaxed);
  }
  double value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<double> value_ = 0.0;
};

/// Counts observations per bucket; a bucket takes values <= its bound.
class histogram {
public:
  /// `bounds` [buckets] ascending; one more bucket takes all that is above.
  explicit histogram(std::span<const double> bounds);

  void observe(double value) noexcept;
  std::uint64_t count() const noexcept;
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& bounds() const noexcept { return bounds_; }
  /// Observations in bucket `index` alone, 0..bounds().size().
  std::uint64_t in_bucket(std::size_t index) const noexcept {
    return buckets_[index].load(std::memory_order_relaxed);
  }

private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_; // [bounds + 1]
  std::atomic<double> sum_ = 0.0;
};

/// How a request ended, as vLLM labels it.
enum class finished : std::uint8_t { stop, length, abort };

/// Figures of one model. Who writes which: the gateway the client's times and
/// endings, the model's scheduler all that concerns steps, tokens and blocks.
struct model_metrics {
  model_metrics();

  // Scheduler.
  gauge requests_running; ///< in the batch
  gauge requests_waiting; ///< admitted, not in the batch yet
  gauge kv_cache_usage;   ///< share of KV blocks in use, 0..1
  counter prompt_tokens;  ///< prefilled
  counter generation_tokens;
  counter drafts;          ///< drafts that were verified
  counter draft_tokens;    ///< in them
  counter accepted_tokens; ///< of these, held
  counter preemptions;     ///< requests put back to waiting for want of blocks
  counter prefix_cache_queries; ///< prompt tokens looked up in the cache
  counter prefix_cache_hits;    ///< prompt tokens found there
  histogram iteration_tokens;   ///< tokens of one step, prefill and decode
  histogram step_time;          ///< seconds from a plan to its result
  histogram queue_time;         ///< seconds from admission to the first step
  histogram prefill_time;       ///< seconds from there to the first token
  histogram decode_time;        ///< seconds from there to the last token
  histogram inference_time;     ///< seconds, prefill and decode together
  // Stages: KV blocks outside of the pool.
  counter kv_host_hits; ///< blocks that came back from main memory
  counter kv_disk_hits; ///< blocks that came back from disk
  counter kv_host_evictions;
  counter kv_disk_evictions;
  counter kv_disk_errors;  ///< blocks damaged or not written
  counter kv_disk_dropped; ///< blocks for which the disk was too slow
  gauge kv_host_bytes;
  gauge kv_disk_bytes;
  // Gateway.
  histogram time_to_first_token;   ///< seconds from the request's arrival
  histogram inter_token_latency;   ///< seconds between two deltas of one stream
  histogram time_per_output_token; ///< seconds, mean of one request
  histogram request_max_tokens;    ///< generated tokens that were allowed
  histogram request_choices;       ///< `n`
  histogram e2e_latency;           ///< seconds from arrival to the last token
  histogram request_prompt_tokens;
  histogram request_generation_tokens;
  std::array<counter, 3> request_success; ///< indexed by `finished`
};

/// Figures of one response cache.
struct cache_metrics {
  counter hits;
  counter misses;
  counter bypassed; ///< requests whose answer cannot be foretold
  gauge entries;    ///< answers remembered
  gauge bytes;      ///< that they take
};

/// Figures of the door.
struct door_metrics {
  gauge connections;        ///< open now
  gauge requests_in_flight; ///< choices sent to the graph and not ended
  counter queue_rejections; ///< 429 for a full house
  counter slow_clients;     ///< streams cut because nobody read them
  counter disconnects;      ///< clients gone before their answer ended
  counter deadlines_missed;

  /// One more response with this status.
  void count_response(unsigned status) noexcept;
  /// Responses so far with this status, 100..599; 0 for others.
  std::uint64_t responses(unsigned status) const noexcept;

private:
  std::array<counter, 600> by_status_;
};

/// All figures of one process.
class metrics {
public:
  door_metrics door;

  /// The figures of a model, made at first use. The reference stays valid as
  /// long as this object; take it once, at spawn. Thread-safe.
  model_metrics& model(std::string_view name);
  /// The same for the cache of this actor.
  cache_metrics& cache(std::string_view actor);

  /// The page of GET /metrics, Prometheus text format 0.0.4.
  std::string prometheus() const;

private:
  mutable std::mutex mutex_; // guards the maps, not the figures
  std::map<std::string, std::unique_ptr<model_metrics>, std::less<>> models_;
  std::map<std::string, std::unique_ptr<cache_metrics>, std::less<>> caches_;
};

} // namespace sluice::actors
