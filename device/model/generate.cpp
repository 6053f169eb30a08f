// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/generate.hpp"

#include "device/error.hpp"
#include "device/model/sampling.hpp"
#include "device/model/shard.hpp"

#include <numeric>
#include <string>

namespace sluice::device {

namespace {

void check(const model_config& config, std::span<const std::int32_t> ids,
           std::uint32_t generate) {
  if (ids.empty())
    throw model_error("ids: at least one token id is needed");
  for (const auto id : ids)
    if (id < 0 || static_cast<std::uint32_t>(id) >= config.vocabulary)
      throw model_error("ids: no token " + std::to_string(id)
                        + " in a vocabulary of "
                        + std::to_string(config.vocabulary));
  if (ids.size() + generate > config.context)
    throw model_error("ids: " + std::to_string(ids.size()) + " tokens and "
                      + std::to_string(generate)
                      + " to generate exceed the context of "
                      + std::to_string(config.context));
}

} // namespace

greedy_run run_greedy(const model_files& files, backend& device,
                      std::span<const std::int32_t> ids, std::uint32_t generate,
                      bool ban_end_tokens) {
  const auto& config = files.config();
  check(config, ids, generate);
  const auto blocks = static_cast<std::uint32_t>(
      (ids.size() + generate + block_tokens - 1) / block_tokens);
  shard model(files, device, {0, config.layers}, blocks);
  sequence_step step;
  step.tokens.assign(ids.begin(), ids.end());
  step.outputs = static_cast<std::uint32_t>(ids.size());
  step.blocks.resize(blocks);
  std::iota(step.blocks.begin(), step.blocks.end(), 0u);

  sampling_params params;
  params.temperature = 0.0f;
  params.logprobs = true;
  params.ignore_eos = ban_end_tokens;
  sampler choose(params, config.end_tokens);

  greedy_run out;
  out.vocabulary = config.vocabulary;
  std::vector<float> hidden;
  out.logits = model.forward({&step, 1}, hidden);
  std::vector<float> row(out.logits.end() - config.vocabulary,
                         out.logits.end());
  for (std::uint32_t i = 0; i < generate; ++i) {
    if (i > 0) {
      step.start += static_cast<std::uint32_t>(step.tokens.size());
      step.tokens = {out.ids.back()};
      step.outputs = 1;
      row = model.forward({&step, 1}, hidden);
    }
    const auto token = choose.next(row, ids.size() + i);
    out.ids.push_back(token.id);
    out.logprobs.push_back(token.logprob);
  }
  return out;
}

} // namespace sluice::device
