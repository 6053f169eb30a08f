// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/device/model/staged_model.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace sluice::device::tests {

staged_model::staged_model(const model_files& files, backend& device,
                           std::uint32_t stages, std::uint32_t kv_blocks,
                           const kv_options& options)
    : vocabulary_(files.config().vocabulary) {
  for (const auto range : split_layers(files.config().layers, stages))
    shards_.emplace_back(files, device, range, kv_blocks, shard::progress{},
                         options);
}

std::vector<float> staged_model::forward(std::span<const sequence_step> steps,
                                         const row_sink& sink) {
  std::vector<float> hidden;
  std::vector<float> logits;
  for (auto& stage : shards_)
    logits = stage.forward(steps, hidden, sink);
  return logits;
}

sequence_step step_of(std::span<const std::int32_t> tokens, std::uint32_t start,
                      std::uint32_t positions, std::uint32_t first_block) {
  sequence_step step;
  step.tokens.assign(tokens.begin(), tokens.end());
  step.start = start;
  step.outputs = static_cast<std::uint32_t>(tokens.size());
  step.blocks.resize((positions + block_tokens - 1) / block_tokens);
  std::iota(step.blocks.begin(), step.blocks.end(), first_block);
  return step;
}

std::int32_t argmax(std::span<const float> row) {
  return static_cast<std::int32_t>(std::max_element(row.begin(), row.end())
                                   - row.begin());
}

void on_every_path(const std::function<void(backend&)>& f) {
  thread_pool pool;
  for (const auto path : supported_isas()) {
    BOOST_TEST_CONTEXT("kernel path " << name(path)) {
      const auto device = make_cpu_backend(pool, path);
      f(*device);
    }
  }
}

backend& fast_backend() {
  static thread_pool pool;
  static const auto device = make_cpu_backend(pool);
  return *device;
}

std::ptrdiff_t first_difference(std::span<const float> a,
                                std::span<const float> b) {
  BOOST_REQUIRE_EQUAL(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0)
      return static_cast<std::ptrdiff_t>(i);
  return -1;
}

} // namespace sluice::device::tests
