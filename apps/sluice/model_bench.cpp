// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/model_bench.hpp"

#include "device/model/shard.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace sluice::apps {

namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

/// Work of one forward pass, from the config.
struct pass_cost {
  double body_macs; ///< per token: the layers' products, active experts only
  double head_macs; ///< per row of logits: also the last feed-forward block
};

pass_cost cost_of(const device::model_config& c) {
  const auto attention = static_cast<double>(c.width) * c.head_dim
                         * (2.0 * c.heads + 2.0 * c.kv_heads);
  double body = 0;
  double last = 0;
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    const bool dense =
        c.experts == 0
        || (layer < c.dense_layer.size() && c.dense_layer[layer]);
    const auto ff = dense ? 3.0 * c.width * c.ff_width
                          : 3.0 * c.width * c.expert_ff_width * c.experts_used
                                + 1.0 * c.width * c.experts;
    body += attention + ff;
    last = ff;
  }
  return {body - last, static_cast<double>(c.vocabulary) * c.width + last};
}

/// `count` sequences with block tables of their own.
std::vector<device::sequence_step> make_sequences(std::uint32_t count,
                                                  std::uint32_t context) {
  const auto blocks =
      (context + device::block_tokens - 1) / device::block_tokens;
  std::vector<device::sequence_step> out(count);
  std::uint32_t next = 0;
  for (auto& step : out) {
    step.blocks.resize(blocks);
    std::iota(step.blocks.begin(), step.blocks.end(), next);
    next += static_cast<std::uint32_t>(blocks);
    step.outputs = 1;
  }
  return out;
}

// Any ids will do: the time does not depend on them.
std::vector<std::int32_t> some_tokens(std::uint32_t count,
                                      std::uint32_t vocabulary) {
  std::vector<std::int32_t> out(count);
  for (std::uint32_t i = 0; i < count; ++i)
    out[i] = static_cast<std::int32_t>((i * 7919u + 13u) % vocabulary);
  return out;
}

class bench_runner {
public:
  bench_runner(const device::model_files& files, device::shard& shard)
      : files_(files), shard_(shard), cost_(cost_of(files.config())) {}

  /// Seconds of one prefill of `tokens`.
  double prefill(std::uint32_t tokens) {
    auto steps = make_sequences(1, tokens);
    steps[0].tokens = some_tokens(tokens, files_.config().vocabulary);
    const auto start = clock::now();
    shard_.forward(steps, hidden_);
    return seconds_since(start);
  }

  /// Seconds of `tokens` decode passes of `batch` sequences from position
  /// `first` on.
  double decode(std::uint32_t tokens, std::uint32_t batch,
                std::uint32_t first = 0) {
    auto steps = make_sequences(batch, first + tokens);
    for (auto& step : steps)
      step.tokens = some_tokens(1, files_.config().vocabulary);
    const auto start = clock::now();
    for (std::uint32_t i = 0; i < tokens; ++i) {
      for (auto& step : steps)
        step.start = first + i;
      shard_.forward(steps, hidden_);
    }
    return seconds_since(start);
  }

  /// `passes` forward passes over `tokens` tokens took the given seconds.
  bench_row row(std::string name, double tokens, double passes, double outputs,
                std::vector<double> seconds) const {
    std::ranges::sort(seconds);
    const auto median = seconds[seconds.size() / 2];
    const auto macs = tokens * cost_.body_macs + outputs * cost_.head_macs;
    return {.name = std::move(name),
            .median = tokens / median,
            .least = tokens / seconds.back(),
            .most = tokens / seconds.front(),
            .gb_per_s = passes * static_cast<double>(shard_.weight_bytes())
                        / median * 1e-9,
            .gop_per_s = 2 * macs / median * 1e-9};
  }

private:
  const device::model_files& files_;
  device::shard& shard_;
  pass_cost cost_;
  std::vector<float> hidden_;
};

} // namespace

bench_result
run_bench(const device::model_files& files, local_device& device,
          const bench_plan& plan,
          const std::function<void(std::uint64_t, std::uint64_t)>& report) {
  const auto& config = files.config();
  const auto prompt = std::min(plan.prompt, config.context);
  const auto generate = std::min(plan.generate, config.context);
  const auto widest = plan.batches.empty() ? 1 : std::ranges::max(plan.batches);
  const auto context = std::min(plan.context, config.context - generate);
  const auto blocks_of = [](std::uint32_t positions) {
    return (positions + device::block_tokens) / device::block_tokens;
  };
  const auto blocks = std::max(blocks_of(std::max(prompt, generate)) * widest,
                               blocks_of(context + generate));

  bench_result result;
  result.backend = device.cpu->name();
  result.threads = device.pool.threads();
  result.ceilings = device::measure_ceilings(device.pool, device.path);
  const auto start = clock::now();
  device::shard shard(files, *device.cpu, {0, config.layers}, blocks);
  result.load_ms = seconds_since(start) * 1e3;

  bench_runner runner{files, shard};
  const auto tests = (prompt ? 1 : 0) + (context ? 1 : 0)
                     + (generate ? plan.batches.size() : 0);
  const auto total = static_cast<std::uint64_t>(tests) * (plan.repeats + 1);
  std::uint64_t done = 0;
  const auto repeat = [&](const auto& once) {
    once(); // warms caches and page tables, not counted
    report(++done, total);
    std::vector<double> seconds;
    for (std::uint32_t i = 0; i < plan.repeats; ++i) {
      seconds.push_back(once());
      report(++done, total);
    }
    return seconds;
  };
  if (prompt)
    result.rows.push_back(
        runner.row("prompt " + std::to_string(prompt), prompt, 1, 1,
                   repeat([&] { return runner.prefill(prompt); })));
  for (const auto batch : plan.batches)
    if (generate)
      result.rows.push_back(
          runner.row("generate " + std::to_string(generate) + " x "
                         + std::to_string(batch),
                     static_cast<double>(generate) * batch, generate,
                     static_cast<double>(generate) * batch,
                     repeat([&] { return runner.decode(generate, batch); })));
  if (context && generate) {
    runner.prefill(context);
    result.rows.push_back(runner.row(
        "generate " + std::to_string(generate) + " at "
            + std::to_string(context),
        generate, generate, generate,
        repeat([&] { return runner.decode(generate, 1, context); })));
  }
  return result;
}

} // namespace sluice::apps
