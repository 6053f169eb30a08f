// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A sequence's logits have the same bits whatever runs beside it: alone or in
// batches of up to 32, whole prompts or chunks mixed with decodes, any block
// table, any order, one stage or several.
#include "device/files/model_files.hpp"
#include "tests/device/model/staged_model.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>
#include <random>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

constexpr std::uint32_t generated = 6;

/// One sequence: its ids (prompt, then greedy), logits row by row, and how far
/// a run has come.
struct sequence {
  std::vector<std::int32_t> ids;
  std::uint32_t prompt = 0;
  std::vector<float> logits;
  std::vector<std::uint32_t> blocks;
  std::uint32_t done = 0;

  std::uint32_t positions() const { return prompt + generated; }
  bool finished() const { return done == positions(); }
};

std::vector<sequence> random_prompts(std::size_t count,
                                     std::uint32_t vocabulary) {
  std::mt19937 random(7);
  std::vector<sequence> out(count);
  for (auto& s : out) {
    s.prompt = 1 + static_cast<std::uint32_t>(random() % 40);
    for (std::uint32_t i = 0; i < s.prompt; ++i)
      s.ids.push_back(static_cast<std::int32_t>(random() % vocabulary));
  }
  return out;
}

// Hands out blocks in random order, none twice.
void deal_blocks(std::vector<sequence>& all, std::uint32_t kv_blocks,
                 std::mt19937& random) {
  std::vector<std::uint32_t> free(kv_blocks);
  std::iota(free.begin(), free.end(), 0u);
  std::shuffle(free.begin(), free.end(), random);
  for (auto& s : all) {
    const auto need = (s.positions() + block_tokens - 1) / block_tokens;
    s.blocks.assign(free.end() - static_cast<std::ptrdiff_t>(need), free.end());
    free.resize(free.size() - need);
  }
}

// The next chunk of a sequence: some of what it has, all positions wanted.
sequence_step next_step(const sequence& s, std::uint32_t longest) {
  const auto known = static_cast<std::uint32_t>(s.ids.size());
  const auto count = std::min(known - s.done, longest);
  sequence_step step;
  step.tokens.assign(s.ids.begin() + s.done, s.ids.begin() + s.done + count);
  step.start = s.done;
  step.blocks = s.blocks;
  step.outputs = count;
  return step;
}

// Keeps a step's logits; the last known token's row gives the next id.
void take(sequence& s, const sequence_step& step, std::span<const float> rows,
          std::size_t vocabulary) {
  s.logits.insert(s.logits.end(), rows.begin(), rows.end());
  s.done += step.outputs;
  if (s.done == s.ids.size() && !s.finished())
    s.ids.push_back(argmax(rows.last(vocabulary)));
}

// Runs everything, at most `batch` sequences a pass, chosen and ordered at
// random, in chunks of at most `chunk` tokens.
std::vector<sequence> run(const model_files& files, std::uint32_t stages,
                          std::vector<sequence> all, std::size_t batch,
                          std::uint32_t chunk) {
  std::mt19937 random(static_cast<std::uint32_t>(batch * 100 + chunk));
  const auto kv_blocks = static_cast<std::uint32_t>(all.size() * 4);
  deal_blocks(all, kv_blocks, random);
  staged_model model(files, fast_backend(), stages, kv_blocks);
  std::vector<std::size_t> open(all.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  while (!open.empty()) {
    std::shuffle(open.begin(), open.end(), random);
    std::vector<sequence_step> steps;
    for (std::size_t i = 0; i < std::min(batch, open.size()); ++i)
      steps.push_back(next_step(
          all[open[i]], 1 + static_cast<std::uint32_t>(random() % chunk)));
    const auto logits = model.forward(steps);
    std::size_t row = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto floats = steps[i].outputs * model.vocabulary();
      take(all[open[i]], steps[i], std::span(logits).subspan(row, floats),
           model.vocabulary());
      row += floats;
    }
    std::erase_if(open, [&](std::size_t i) { return all[i].finished(); });
  }
  return all;
}

void check_same(const std::vector<sequence>& got,
                const std::vector<sequence>& want) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    BOOST_TEST_CONTEXT("sequence " << i) {
      BOOST_TEST(got[i].ids == want[i].ids, boost::test_tools::per_element());
      BOOST_TEST(first_difference(got[i].logits, want[i].logits) == -1);
    }
  }
}

struct shape {
  std::uint32_t stages;
  std::size_t batch;
  std::uint32_t chunk;
};

void check_model(const std::string& path, std::size_t count,
                 const std::vector<shape>& shapes) {
  const auto files = model_files::open(path);
  const auto prompts = random_prompts(count, files.config().vocabulary);
  const auto alone = run(files, 1, prompts, 1, 1000);
  for (const auto& s : shapes) {
    BOOST_TEST_CONTEXT(path << ", " << s.stages << " stages, batch " << s.batch
                            << ", chunks up to " << s.chunk)
    check_same(run(files, s.stages, prompts, s.batch, s.chunk), alone);
  }
}

const std::vector<std::string> families{
    "llama", "llama3-scaled", "mistral-window", "mixtral", "qwen2",
    "qwen3", "qwen3-moe",     "gemma3",         "phi3"};

} // namespace

BOOST_AUTO_TEST_SUITE(determinism)

BOOST_DATA_TEST_CASE(batches_and_stages_change_no_bit,
                     boost::unit_test::data::make(families), family) {
  check_model("tests/data/goldens/" + family, 32,
              {{1, 2, 5}, {1, 32, 1000}, {2, 7, 9}, {4, 32, 16}});
}

BOOST_AUTO_TEST_CASE(every_batch_size_gives_the_same_bits) {
  std::vector<shape> shapes;
  for (std::size_t batch = 1; batch <= 32; ++batch)
    shapes.push_back({batch % 3 == 0 ? 2u : 1u, batch, 12});
  check_model("tests/data/goldens/llama", 32, shapes);
}

BOOST_AUTO_TEST_CASE(a_real_quantised_model_gives_the_same_bits) {
  check_model("examples/models/edge-q8_0.gguf", 32,
              {{1, 32, 8}, {2, 5, 1000}, {4, 16, 20}});
}

BOOST_AUTO_TEST_CASE(a_real_mixed_format_model_gives_the_same_bits) {
  check_model("tests/data/models/edge-q4_k_m.gguf", 16,
              {{1, 16, 8}, {4, 5, 20}});
}

BOOST_AUTO_TEST_SUITE_END()
