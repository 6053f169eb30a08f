// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A request leaves one instance of a model in the middle of its answer and goes
// on in another, cut into other stages: with the tokens of an undisturbed run.
// Bytes that are no exported request are refused.
#include "device/kv/exported_request.hpp"

#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "device/model/sampling.hpp"
#include "tests/device/model/staged_model.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <numeric>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

constexpr std::uint32_t kv_blocks = 8;

/// A model in stages, one sequence and its sampler.
class instance {
public:
  instance(const model_files& files, std::uint32_t stages,
           sampling_params params)
      : files_(files), choose_(std::move(params), files.config().end_tokens) {
    for (const auto layers : split_layers(files.config().layers, stages)) {
      layers_.push_back(layers);
      shards_.emplace_back(files, fast_backend(), layers, kv_blocks);
    }
    // Another order of blocks in every instance.
    table_.resize(kv_blocks);
    std::iota(table_.begin(), table_.end(), 0u);
    std::rotate(table_.begin(), table_.begin() + stages, table_.end());
  }

  void start(std::vector<std::int32_t> prompt) {
    choose_.add_prompt(prompt);
    prompt_ = static_cast<std::uint32_t>(prompt.size());
    tokens_ = std::move(prompt);
  }

  void generate(std::size_t count) {
    for (; count > 0; --count) {
      sequence_step step;
      step.tokens.assign(tokens_.begin() + stored_, tokens_.end());
      step.start = stored_;
      step.blocks = table_;
      step.outputs = 1;
      std::vector<float> hidden;
      std::vector<float> logits;
      for (auto& stage : shards_)
        logits = stage.forward({&step, 1}, hidden);
      stored_ = static_cast<std::uint32_t>(tokens_.size());
      tokens_.push_back(choose_.next(logits, tokens_.size()).id);
    }
  }

  exported_request leave() const {
    exported_request out;
    out.identity = shards_.front().identity();
    out.identity.layers = {0, files_.config().layers};
    out.tokens = tokens_;
    out.prompt_tokens = prompt_;
    for (std::uint32_t i = 0; (i + 1) * block_tokens <= stored_; ++i) {
      out.keys.push_back({static_cast<std::uint8_t>(i)});
      auto& block = out.blocks.emplace_back();
      for (const auto& stage : shards_) {
        std::vector<std::byte> part(stage.block_bytes());
        stage.save_block(table_[i], part);
        block.insert(block.end(), part.begin(), part.end());
      }
    }
    return out;
  }

  void arrive(const exported_request& request) {
    tokens_ = request.tokens;
    prompt_ = request.prompt_tokens;
    const std::span all(tokens_);
    choose_.add_prompt(all.first(prompt_));
    choose_.add_output(all.subspan(prompt_));
    for (std::size_t i = 0; i < request.blocks.size(); ++i)
      for (std::size_t stage = 0; stage < shards_.size(); ++stage)
        shards_[stage].load_block(
            table_[i],
            part_of(request.blocks[i], request.identity, layers_[stage]));
    stored_ = static_cast<std::uint32_t>(request.blocks.size() * block_tokens);
  }

  const std::vector<std::int32_t>& tokens() const { return tokens_; }

private:
  const model_files& files_;
  sampler choose_;
  std::vector<layer_range> layers_;
  std::vector<shard> shards_;
  std::vector<std::uint32_t> table_;
  std::vector<std::int32_t> tokens_;
  std::uint32_t prompt_ = 0;
  std::uint32_t stored_ = 0;
};

std::vector<std::int32_t> prompt() {
  std::vector<std::int32_t> out(37);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::int32_t>((i * 997 + 100) % 8000);
  return out;
}

std::string refusal(std::span<const std::byte> bytes) {
  try {
    exported_request_from(bytes);
  } catch (const model_error& e) {
    return e.what();
  }
  return {};
}

exported_request small() {
  exported_request out;
  out.tokens.resize(20);
  out.prompt_tokens = 3;
  out.request.resize(5);
  out.keys.resize(1);
  out.blocks.assign(1, std::vector<std::byte>(64));
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(exported_requests)

BOOST_AUTO_TEST_CASE(an_answer_goes_on_in_another_instance) {
  const auto files = model_files::open("examples/models/edge-q8_0.gguf");
  sampling_params greedy;
  greedy.temperature = 0.0f;
  sampling_params seeded;
  seeded.temperature = 0.9f;
  seeded.seed = 42;
  auto penalised = seeded;
  penalised.repetition_penalty = 1.3f;
  penalised.frequency_penalty = 0.5f;
  for (const auto& params : {greedy, seeded, penalised})
    for (const std::size_t before : {1, 12, 30}) {
      instance alone(files, 1, params);
      alone.start(prompt());
      alone.generate(40);
      instance here(files, 2, params);
      here.start(prompt());
      here.generate(before);
      const auto bytes = to_bytes(here.leave());
      instance there(files, 3, params);
      there.arrive(exported_request_from(bytes));
      there.generate(40 - before);
      BOOST_TEST(there.tokens() == alone.tokens(),
                 boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(bytes_give_the_same_value_back) {
  const auto value = small();
  BOOST_TEST((exported_request_from(to_bytes(value)) == value));
}

BOOST_AUTO_TEST_CASE(what_is_no_exported_request_is_refused) {
  const auto good = to_bytes(small());
  BOOST_TEST(refusal({}) == "exported request: it ends too early");
  for (std::size_t length = 48; length < good.size(); ++length)
    BOOST_TEST(refusal(std::span(good).first(length))
               == "exported request: it ends too early");
  auto bad = good;
  bad[0] = std::byte{'X'};
  BOOST_TEST(refusal(bad) == "exported request: it does not begin with 'SLRQ'");
  bad = good;
  bad[4] = std::byte{9};
  BOOST_TEST(refusal(bad) == "exported request: version 9 instead of 1");
  bad = good;
  bad.push_back(std::byte{});
  BOOST_TEST(refusal(bad) == "exported request: something follows it");
  for (std::size_t at = 16; at < good.size(); at += 7) {
    bad = good;
    bad[at] ^= std::byte{0x10};
    BOOST_TEST(refusal(bad) == "exported request: it is damaged");
  }
}

BOOST_AUTO_TEST_CASE(contents_that_do_not_fit_together_are_refused) {
  const auto told = [](const std::function<void(exported_request&)>& spoil) {
    auto value = small();
    spoil(value);
    return refusal(to_bytes(value));
  };
  BOOST_TEST(told([](auto& r) { r.prompt_tokens = 21; })
             == "exported request: a prompt of 21 of 20 tokens");
  BOOST_TEST(told([](auto& r) { r.prompt_tokens = 0; })
             == "exported request: a prompt of 0 of 20 tokens");
  BOOST_TEST(told([](auto& r) { r.keys.clear(); })
             == "exported request: 1 blocks and 0 keys for 20 tokens");
  BOOST_TEST(told([](auto& r) { r.tokens.resize(16); })
             == "exported request: 1 blocks and 1 keys for 16 tokens");
  BOOST_TEST(told([](auto& r) {
               r.tokens.resize(40);
               r.keys.resize(2);
               r.blocks.emplace_back(3);
             })
             == "exported request: its blocks differ in size");
}

BOOST_AUTO_TEST_SUITE_END()
