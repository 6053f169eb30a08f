// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// model_bench MODEL [THREADS [ISA]]: load time, prefill and decode speed of the
// whole forward pass, and what choosing a token costs. Median and best of
// several runs by the clock, and the best processor time of the calling thread:
// with one thread that is the figure which a busy machine disturbs least.
#include "device/cpu/cpu_backend.hpp"
#include "device/files/model_files.hpp"
#include "device/model/sampling.hpp"
#include "device/model/shard.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <numeric>

using namespace sluice::device;

namespace {

using steady = std::chrono::steady_clock;

double processor_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3
         + static_cast<double>(now.tv_nsec) / 1e6;
}

double milliseconds_of(const std::function<void()>& f) {
  const auto begin = steady::now();
  f();
  return std::chrono::duration<double, std::milli>(steady::now() - begin)
      .count();
}

struct timing {
  double median_ms;
  double best_ms;
  double best_processor_ms;
};

timing time_runs(int runs, const std::function<void()>& f) {
  f();
  std::vector<double> clock;
  std::vector<double> processor;
  for (int i = 0; i < runs; ++i) {
    const double begin = processor_ms();
    clock.push_back(milliseconds_of(f));
    processor.push_back(processor_ms() - begin);
  }
  std::sort(clock.begin(), clock.end());
  return {clock[clock.size() / 2], clock.front(),
          *std::min_element(processor.begin(), processor.end())};
}

void print(const char* what, std::size_t amount, const timing& t,
           std::size_t tokens) {
  const auto speed = [&](double ms) {
    return 1000.0 * static_cast<double>(tokens) / ms;
  };
  std::printf("%-8s %4zu  median %8.3f ms %7.0f tok/s, best %8.3f ms %7.0f "
              "tok/s, processor %8.3f ms %7.0f tok/s\n",
              what, amount, t.median_ms, speed(t.median_ms), t.best_ms,
              speed(t.best_ms), t.best_processor_ms,
              speed(t.best_processor_ms));
}

// Sequence `index` with `count` new tokens at `start`, in blocks of its own.
sequence_step step_of(std::size_t index, std::uint32_t start,
                      std::uint32_t count, std::uint32_t blocks_each) {
  sequence_step step;
  for (std::uint32_t i = 0; i < count; ++i)
    step.tokens.push_back(static_cast<std::int32_t>(10 + (i * 7) % 300));
  step.start = start;
  step.outputs = 1;
  step.blocks.resize(blocks_each);
  std::iota(step.blocks.begin(), step.blocks.end(),
            static_cast<std::uint32_t>(index) * blocks_each);
  return step;
}

void bench_prefill(shard& model, std::uint32_t tokens) {
  const auto step = step_of(0, 0, tokens, tokens / block_tokens + 1);
  std::vector<float> hidden;
  const auto t = time_runs(7, [&] { model.forward({&step, 1}, hidden); });
  print("prefill", tokens, t, tokens);
}

// One token each for `count` sequences, 64 positions in.
void bench_decode(shard& model, std::size_t count) {
  std::vector<sequence_step> steps;
  for (std::size_t i = 0; i < count; ++i)
    steps.push_back(step_of(i, 64, 1, 5));
  std::vector<float> hidden;
  const auto t = time_runs(31, [&] { model.forward(steps, hidden); });
  print("decode", count, t, count);
}

void bench_sampler(const char* what, const sampling_params& params,
                   const std::vector<float>& logits) {
  constexpr int rounds = 8;
  sampler choose(params, {2});
  std::vector<std::vector<float>> rows(rounds);
  const auto t = time_runs(201, [&] {
    for (auto& row : rows)
      row = logits;
  });
  std::uint64_t position = 0;
  const auto with = time_runs(201, [&] {
    for (auto& row : rows) {
      row = logits;
      choose.next(row, position++);
    }
  });
  std::printf("sample   %-18s %6.1f us a token\n", what,
              1000.0 * (with.best_processor_ms - t.best_processor_ms) / rounds);
}

void bench_samplers(shard& model) {
  auto step = step_of(0, 0, 8, 1);
  std::vector<float> hidden;
  const auto logits = model.forward({&step, 1}, hidden);
  sampling_params greedy;
  greedy.temperature = 0.0f;
  bench_sampler("greedy", greedy, logits);
  greedy.logprobs = true;
  greedy.top_logprobs = 5;
  bench_sampler("greedy, logprobs", greedy, logits);
  bench_sampler("temperature 1", {}, logits);
  sampling_params truncated;
  truncated.top_p = 0.95f;
  bench_sampler("top-p 0.95", truncated, logits);
  truncated.top_k = 40;
  bench_sampler("top-k 40, top-p", truncated, logits);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: model_bench MODEL [THREADS [ISA]]\n");
    return 2;
  }
  thread_pool pool(argc > 2 ? static_cast<unsigned>(std::atoi(argv[2]))
                            : available_cores());
  const auto path = argc > 3 ? isa_named(argv[3]) : best_isa();
  if (!path) {
    std::fprintf(stderr, "model_bench: no kernel path %s\n", argv[3]);
    return 2;
  }
  const auto device = make_cpu_backend(pool, *path);
  std::unique_ptr<model_files> files;
  std::unique_ptr<shard> model;
  const double open = milliseconds_of([&] {
    files = std::make_unique<model_files>(model_files::open(argv[1]));
  });
  const auto layers = files->config().layers;
  const double load = milliseconds_of([&] {
    model =
        std::make_unique<shard>(*files, *device, layer_range{0, layers}, 256);
  });
  std::printf("%s, %u threads: open %.1f ms, load %.1f ms, %.1f MB a pass\n",
              std::string(device->name()).c_str(), pool.threads(), open, load,
              static_cast<double>(model->weight_bytes()) / 1e6);
  for (const std::uint32_t tokens : {128u, 512u})
    bench_prefill(*model, tokens);
  for (const std::size_t count : {1u, 4u, 16u, 32u})
    bench_decode(*model, count);
  bench_samplers(*model);
}
