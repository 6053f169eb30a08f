// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How much sooner the first token comes with the prefix cache: requests of the
// Mooncake conversation trace, scaled to the model, by 8 clients one after the
// other each. Scheduler and model run in one thread, without actors and HTTP.
//
// usage: prefix_cache_bench [MODEL [REQUESTS]]     (in the source tree's root)
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/model.hpp"
#include "actors/model/stage_work.hpp"
#include "device/cpu/cpu_backend.hpp"
#include "tests/actors/model/mooncake_trace.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>

using namespace sluice;
using namespace sluice::actors;

namespace {

constexpr std::size_t clients = 8;

struct outcome {
  std::vector<double> first_ms; // time to first token of each request
  double hit_rate = 0.0;
  double seconds = 0.0;
};

instant now() {
  return std::chrono::system_clock::now();
}

double ms_since(instant then) {
  return std::chrono::duration<double, std::milli>(now() - then).count();
}

outcome replay(const model_assets_ptr& assets, device::thread_pool& threads,
               const std::vector<traced_request>& trace, bool cache) {
  const auto& config = assets->files.config();
  model_settings settings;
  settings.max_running = clients;
  settings.prefix_cache = cache;
  const auto limits =
      limits_for(settings, config, device::kv_format_of(assets->files));
  const auto load = shard_loader(
      assets, [&] { return device::make_cpu_backend(threads); }, settings,
      limits);
  stage_work stage{load(0, [](std::uint64_t, std::uint64_t) {}), true, {}};
  batch_scheduler batches{limits, {}};
  std::map<request_id, instant> asked;
  outcome result;
  std::vector<generated> out;
  std::vector<float> hidden;
  const auto begin = now();
  for (std::size_t next = 0;
       next < trace.size() || batches.running() + batches.waiting() > 0;) {
    for (;
         next < trace.size() && batches.running() + batches.waiting() < clients;
         ++next) {
      sequence_request wish;
      wish.id = next + 1;
      wish.deadline = now() + std::chrono::hours{1};
      wish.tokens = tokens_of(trace[next], static_cast<std::uint32_t>(next),
                              config.vocabulary);
      wish.max_tokens = trace[next].answer_tokens;
      asked[wish.id] = now();
      batches.submit(std::move(wish), now());
    }
    const auto plan = batches.plan(now());
    std::string error;
    auto said = stage.run(*plan, hidden, error);
    out.clear();
    batches.complete({plan->number, std::move(said.tokens), error}, out);
    for (const auto& one : out)
      if (const auto at = asked.find(one.id); at != asked.end()) {
        result.first_ms.push_back(ms_since(at->second));
        asked.erase(at);
      }
  }
  result.seconds = ms_since(begin) / 1000;
  const auto counts = batches.take_counts();
  if (counts.cache_queries > 0)
    result.hit_rate = static_cast<double>(counts.cache_hits)
                      / static_cast<double>(counts.cache_queries);
  return result;
}

double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(
      q * static_cast<double>(values.size() - 1))];
}

} // namespace

int main(int argc, char** argv) {
  const auto* path = argc > 1 ? argv[1] : "examples/models/edge-q8_0.gguf";
  const auto most =
      argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 400;
  const auto assets = model_assets::open("model", path);
  auto trace = read_mooncake_trace();
  const auto context = assets->files.config().context;
  std::erase_if(trace, [&](const traced_request& one) {
    return one.prompt_tokens + one.answer_tokens >= context;
  });
  trace.resize(std::min(trace.size(), most));
  device::thread_pool threads{device::available_cores()};
  std::printf("%zu requests, %zu clients\n%-14s %10s %10s %10s %9s\n",
              trace.size(), clients, "prefix cache", "TTFT p50", "TTFT p95",
              "total", "hit rate");
  for (const bool cache : {false, true}) {
    const auto got = replay(assets, threads, trace, cache);
    std::printf("%-14s %7.1f ms %7.1f ms %8.2f s %7.1f %%\n",
                cache ? "on" : "off", quantile(got.first_ms, 0.5),
                quantile(got.first_ms, 0.95), got.seconds, got.hit_rate * 100);
  }
}
