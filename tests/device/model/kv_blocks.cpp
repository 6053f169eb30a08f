// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// KV blocks leave their pool and come back: a sequence goes on with the same
// bits after a copy, after an export and import, and in another shard; blocks
// of something else are refused.
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "tests/device/model/staged_model.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

const std::string llama = "tests/data/goldens/llama";

std::vector<std::int32_t> some_ids(std::size_t count) {
  std::vector<std::int32_t> out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<std::int32_t>((i * 37 + 11) % 500);
  return out;
}

shard whole(const model_files& files, std::uint32_t blocks,
            const kv_options& options = {}) {
  return {files, fast_backend(), {0, files.config().layers}, blocks,
          {},    options};
}

std::vector<float> run(shard& model, std::span<const std::int32_t> tokens,
                       std::uint32_t start,
                       const std::vector<std::uint32_t>& blocks) {
  sequence_step step;
  step.tokens.assign(tokens.begin(), tokens.end());
  step.start = start;
  step.blocks = blocks;
  step.outputs = 1;
  std::vector<float> hidden;
  return model.forward({&step, 1}, hidden);
}

std::string refusal(shard& model, std::span<const std::byte> bytes) {
  try {
    model.import_block(0, bytes);
  } catch (const model_error& e) {
    return e.what();
  }
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(kv_blocks)

BOOST_AUTO_TEST_CASE(a_copied_block_continues_the_sequence) {
  const auto files = model_files::open(llama);
  auto model = whole(files, 4);
  const auto ids = some_ids(20);
  run(model, std::span(ids).first(16), 0, {0});
  const auto plain = run(model, std::span(ids).subspan(16), 16, {0, 1});
  model.copy_block(0, 3);
  const std::vector<std::int32_t> others(16, 5);
  run(model, others, 0, {0});
  const auto copied = run(model, std::span(ids).subspan(16), 16, {3, 2});
  BOOST_TEST(first_difference(copied, plain) == -1);
}

BOOST_AUTO_TEST_CASE(an_exported_block_continues_in_another_shard) {
  const auto files = model_files::open(llama);
  for (const auto format : {kv_format::f32, kv_format::f16}) {
    auto here = whole(files, 2, {.format = format});
    auto there = whole(files, 7, {.format = format});
    const auto ids = some_ids(20);
    run(here, std::span(ids).first(16), 0, {1});
    const auto bytes = here.export_block(1);
    const auto plain = run(here, std::span(ids).subspan(16), 16, {1, 0});
    there.import_block(5, bytes);
    const auto moved = run(there, std::span(ids).subspan(16), 16, {5, 6});
    BOOST_TEST(first_difference(moved, plain) == -1);
    BOOST_TEST(bytes.size() == kv_identity_bytes + here.block_bytes());
    BOOST_TEST(there.export_block(5) == bytes);
  }
}

BOOST_AUTO_TEST_CASE(blocks_of_something_else_are_refused) {
  const auto files = model_files::open(llama);
  auto model = whole(files, 1, {.format = kv_format::f32});
  const auto good = model.export_block(0);
  BOOST_TEST(refusal(model, good) == "");
  BOOST_TEST(refusal(model, {})
             == "KV block: 0 bytes are shorter than the "
                "header of 64");
  BOOST_TEST(refusal(model, std::span(good).first(good.size() - 1))
             == "KV block: " + std::to_string(model.block_bytes() - 1)
                    + " bytes of keys and values instead of "
                    + std::to_string(model.block_bytes()));
  auto bad = good;
  bad[0] = std::byte{'X'};
  BOOST_TEST(refusal(model, bad) == "KV block: it does not begin with 'SLKV'");
  bad = good;
  bad[4] = std::byte{99};
  BOOST_TEST(refusal(model, bad)
             == "KV block: version 99 instead of "
                    + std::to_string(kv_version));
  bad = good;
  bad[40] = std::byte{77};
  BOOST_TEST(refusal(model, bad) == "KV block: unknown format 77");

  const auto from = [&](const kv_options& options) {
    return whole(files, 1, options).export_block(0);
  };
  BOOST_TEST(refusal(model, from({.format = kv_format::f16}))
             == "KV block: it is in f16 instead of f32");
  BOOST_TEST(
      refusal(model, from({.format = kv_format::f32, .window = 32, .sinks = 4}))
      == "KV block: it is of window 32 and 4 sinks instead of window 0 and 0 "
         "sinks");
  const auto other = model_files::open("tests/data/goldens/mistral-window");
  auto stranger = whole(other, 1);
  BOOST_TEST(refusal(model, stranger.export_block(0))
             == "KV block: it is of another model");
  shard half(files, fast_backend(), {0, 1}, 1, {}, {.format = kv_format::f32});
  BOOST_TEST(refusal(model, half.export_block(0))
             == "KV block: it is of layers 0 to 1 instead of layers 0 to "
                    + std::to_string(files.config().layers));
}

// The window counts from the end, the sinks from the front: with both as long
// as the sequence, or the window alone, every token sees all.
BOOST_AUTO_TEST_CASE(a_wide_window_hides_nothing) {
  const auto files = model_files::open(llama);
  const auto ids = some_ids(40);
  auto plain = whole(files, 3);
  auto wide = whole(files, 3, {.window = 40});
  auto split = whole(files, 3, {.window = 30, .sinks = 10});
  const auto want = run(plain, ids, 0, {0, 1, 2});
  BOOST_TEST(first_difference(run(wide, ids, 0, {0, 1, 2}), want) == -1);
  BOOST_TEST(first_difference(run(split, ids, 0, {0, 1, 2}), want) == -1);
}

BOOST_AUTO_TEST_CASE(freed_blocks_behind_a_window_change_no_bit) {
  const auto files = model_files::open(llama);
  const auto ids = some_ids(90);
  const kv_options options{.window = 20, .sinks = 3};
  auto keeps = whole(files, 6, options);
  auto frees = whole(files, 4, options);
  const auto all = run(keeps, ids, 0, {0, 1, 2, 3, 4, 5});
  // Token by token; behind the sinks' block three others take turns.
  std::vector<float> last;
  std::vector<std::uint32_t> table;
  for (std::uint32_t at = 0; at < ids.size(); ++at) {
    if (at % 16 == 0)
      table.push_back(at == 0 ? 0 : 1 + (at / 16) % 3);
    for (std::uint32_t i = 1; i < table.size(); ++i)
      if ((i + 1) * 16 + options.window <= at + 1)
        table[i] = no_block;
    last = run(frees, std::span(ids).subspan(at, 1), at, table);
  }
  BOOST_TEST((table[1] == no_block && table[2] == no_block));
  BOOST_TEST(first_difference(last, all) == -1);
  auto everything = whole(files, 6);
  BOOST_TEST(first_difference(run(everything, ids, 0, {0, 1, 2, 3, 4, 5}), all)
             != -1);
}

BOOST_AUTO_TEST_CASE(a_models_name_is_its_content) {
  const auto one = model_files::open(llama);
  const auto same = model_files::open(llama);
  const auto other = model_files::open("tests/data/goldens/qwen2");
  BOOST_TEST((one.identity() == same.identity()));
  BOOST_TEST((one.identity() != other.identity()));
  BOOST_TEST((one.identity() != content_id{}));
}

BOOST_AUTO_TEST_SUITE_END()
