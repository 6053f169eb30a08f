// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_model/model_bench.hpp"

#include "apps/bench_model/pass_cost.hpp"
#include "apps/bench_model/peak_memory.hpp"
#include "device/error.hpp"
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

std::uint32_t blocks_for(std::uint32_t positions) {
  return static_cast<std::uint32_t>((positions + device::block_tokens - 1)
                                    / device::block_tokens);
}

/// `count` sequences with block tables of their own.
std::vector<device::sequence_step> make_sequences(std::uint32_t count,
                                                  std::uint32_t positions) {
  const auto blocks = blocks_for(positions);
  std::vector<device::sequence_step> out(count);
  std::uint32_t next = 0;
  for (auto& step : out) {
    step.blocks.resize(blocks);
    std::iota(step.blocks.begin(), step.blocks.end(), next);
    next += blocks;
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
  bench_runner(const device::model_files& files, device::shard& shard,
               const device::cpu_ceilings& ceilings)
      : files_(files), shard_(shard), ceilings_(ceilings),
        cost_(files.config(), shard.weight_bytes(),
              shard.block_bytes() / device::block_tokens) {}

  /// Puts real keys and values into the first `blocks` blocks of the pool:
  /// memory that was never written would be read from one page of zeros.
  void fill(std::uint32_t blocks) {
    prefill(
        std::min<std::uint32_t>(device::block_tokens, files_.config().context));
    for (std::uint32_t block = 1; block < blocks; ++block)
      shard_.copy_block(0, block);
  }

  /// Seconds of one prefill of `tokens`.
  double prefill(std::uint32_t tokens) {
    auto steps = make_sequences(1, tokens);
    steps[0].tokens = some_tokens(tokens, files_.config().vocabulary);
    const auto start = clock::now();
    shard_.forward(steps, hidden_);
    return seconds_since(start);
  }

  /// Seconds of `tokens` decode passes of `batch` sequences behind `context`.
  double decode(std::uint32_t tokens, std::uint32_t batch,
                std::uint32_t context) {
    auto steps = make_sequences(batch, context + tokens);
    for (auto& step : steps)
      step.tokens = some_tokens(1, files_.config().vocabulary);
    const auto start = clock::now();
    for (std::uint32_t i = 0; i < tokens; ++i) {
      for (auto& step : steps)
        step.start = context + i;
      shard_.forward(steps, hidden_);
    }
    return seconds_since(start);
  }

  bench_row prefill_row(std::uint32_t tokens,
                        std::vector<double> seconds) const {
    bench_row row{.tokens = tokens, .limit = compute_limit(files_)};
    finish(row, tokens, cost_.weight_bytes(tokens), cost_.operations(tokens, 1),
           std::move(seconds));
    return row;
  }

  bench_row decode_row(std::uint32_t tokens, std::uint32_t batch,
                       std::uint32_t context,
                       std::vector<double> seconds) const {
    bench_row row{.tokens = tokens, .batch = batch, .context = context};
    row.limit = batch == 1 ? bench_limit::read : compute_limit(files_);
    const auto all = static_cast<double>(tokens) * batch;
    double bytes = tokens * cost_.weight_bytes(batch);
    for (std::uint32_t i = 0; i < tokens; ++i)
      bytes += batch * cost_.kv_bytes(context + i);
    finish(row, all, bytes, cost_.operations(all, all), std::move(seconds));
    return row;
  }

private:
  void finish(bench_row& row, double tokens, double bytes, double operations,
              std::vector<double> seconds) const {
    std::ranges::sort(seconds);
    const auto median = seconds[seconds.size() / 2];
    row.median = tokens / median;
    row.least = tokens / seconds.back();
    row.most = tokens / seconds.front();
    row.bytes_per_second = bytes / median;
    row.operations_per_second = operations / median;
    row.share = (row.limit == bench_limit::read ? row.bytes_per_second
                                                : row.operations_per_second)
                / ceiling_of(ceilings_, row.limit);
  }

  const device::model_files& files_;
  device::shard& shard_;
  const device::cpu_ceilings& ceilings_;
  pass_cost cost_;
  std::vector<float> hidden_;
};

/// The plan as this model can run it.
bench_plan fitted(bench_plan plan, const device::model_config& config) {
  for (auto& tokens : plan.prompts)
    tokens = std::min(tokens, config.context);
  std::erase(plan.prompts, 0u);
  plan.prompts.erase(std::ranges::unique(plan.prompts).begin(),
                     plan.prompts.end());
  if (plan.generate == 0)
    plan.batches.clear();
  if (plan.context == 0)
    plan.generate = std::min(plan.generate, config.context);
  if (!plan.batches.empty()
      && std::uint64_t{plan.context} + plan.generate > config.context)
    throw device::model_error(
        "--context " + std::to_string(plan.context) + " and answers of "
        + std::to_string(plan.generate) + " tokens exceed the model's "
        + std::to_string(config.context) + " positions");
  return plan;
}

/// KV blocks that the plan's widest test needs.
std::uint32_t blocks_of(const bench_plan& plan) {
  std::uint32_t out = 1;
  for (const auto tokens : plan.prompts)
    out = std::max(out, blocks_for(tokens));
  for (const auto batch : plan.batches)
    out = std::max(out, batch * blocks_for(plan.context + plan.generate));
  return out;
}

} // namespace

std::string_view name(bench_limit limit) noexcept {
  switch (limit) {
  case bench_limit::int8:
    return "int8";
  case bench_limit::bf16:
    return "bf16";
  case bench_limit::read:
    break;
  }
  return "read";
}

std::string bench_row::name() const {
  if (batch == 0)
    return "prefill " + std::to_string(tokens);
  auto out = "decode x" + std::to_string(batch);
  if (context > 0)
    out += " at " + std::to_string(context);
  return out;
}

double ceiling_of(const device::cpu_ceilings& ceilings, bench_limit limit) {
  switch (limit) {
  case bench_limit::int8:
    return ceilings.integer_operations_per_second;
  case bench_limit::bf16:
    return ceilings.bf16_operations_per_second;
  case bench_limit::read:
    break;
  }
  return ceilings.read_bytes_per_second;
}

bench_limit compute_limit(const device::model_files& files) {
  const auto type = files.require(device::tensor_role::query).type;
  return device::block_elements(type) > 1 ? bench_limit::int8
                                          : bench_limit::bf16;
}

bench_result
run_bench(const device::model_files& files, const bench_machine& machine,
          const bench_plan& wanted,
          const std::function<void(std::uint64_t, std::uint64_t)>& report) {
  const auto& config = files.config();
  const auto plan = fitted(wanted, config);
  const auto blocks = blocks_of(plan);

  bench_result result;
  result.backend = machine.cpu.name();
  result.threads = machine.pool.threads();
  result.repeats = plan.repeats;
  result.ceilings = device::measure_ceilings(machine.pool, machine.path);
  const auto start = clock::now();
  device::shard shard(files, machine.cpu, {0, config.layers}, blocks);
  result.load_ms = seconds_since(start) * 1e3;

  bench_runner runner{files, shard, result.ceilings};
  const auto tests = plan.prompts.size() + plan.batches.size();
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
  for (const auto tokens : plan.prompts)
    result.rows.push_back(runner.prefill_row(
        tokens, repeat([&] { return runner.prefill(tokens); })));
  if (plan.context > 0)
    runner.fill(blocks);
  for (const auto batch : plan.batches)
    result.rows.push_back(runner.decode_row(
        plan.generate, batch, plan.context, repeat([&] {
          return runner.decode(plan.generate, batch, plan.context);
        })));
  result.peak_bytes = peak_resident_bytes();
  return result;
}

} // namespace sluice::apps
