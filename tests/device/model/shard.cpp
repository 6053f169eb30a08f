// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/shard.hpp"

#include "device/error.hpp"
#include "device/files/random_model.hpp"
#include "device/model/generate.hpp"
#include "tests/device/model/staged_model.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

const auto* const llama = "tests/data/goldens/llama";

std::vector<std::uint32_t> sizes(std::uint32_t layers, std::uint32_t stages) {
  std::vector<std::uint32_t> out;
  std::uint32_t next = 0;
  for (const auto range : split_layers(layers, stages)) {
    BOOST_TEST(range.first == next);
    next = range.last;
    out.push_back(range.last - range.first);
  }
  BOOST_TEST(next == layers);
  return out;
}

std::string error_of(std::vector<std::int32_t> ids, std::uint32_t generate) {
  try {
    run_greedy(model_files::open(llama), fast_backend(), ids, generate);
  } catch (const model_error& error) {
    return error.what();
  }
  return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(shards)

BOOST_AUTO_TEST_CASE(layers_are_cut_into_nearly_equal_ranges) {
  using counts = std::vector<std::uint32_t>;
  BOOST_TEST(sizes(8, 1) == counts{8});
  BOOST_TEST(sizes(8, 4) == (counts{2, 2, 2, 2}));
  BOOST_TEST(sizes(7, 3) == (counts{2, 2, 3}));
  BOOST_TEST(sizes(3, 3) == (counts{1, 1, 1}));
}

BOOST_AUTO_TEST_CASE(ends_of_the_pipeline_know_their_place) {
  const auto files = model_files::open(llama);
  const shard head(files, fast_backend(), {0, 1}, 1);
  const shard middle(files, fast_backend(), {1, 3}, 1);
  const shard tail(files, fast_backend(), {3, 4}, 1);
  BOOST_TEST((head.first() && !head.last()));
  BOOST_TEST((!middle.first() && !middle.last()));
  BOOST_TEST((!tail.first() && tail.last()));
}

BOOST_AUTO_TEST_CASE(progress_grows_to_the_whole) {
  const auto files = model_files::open(llama);
  std::uint64_t seen = 0;
  std::uint64_t total = 0;
  int calls = 0;
  const shard all(files, fast_backend(), {0, 4}, 1,
                  [&](std::uint64_t done, std::uint64_t whole) {
                    BOOST_TEST((calls == 0 ? done == 0 : done > seen));
                    seen = done;
                    total = whole;
                    ++calls;
                  });
  BOOST_TEST(calls == 6);
  BOOST_TEST(seen == total);
  BOOST_TEST(all.weight_bytes() > 0u);
}

BOOST_AUTO_TEST_CASE(layers_run_before_the_last_are_loaded) {
  const auto files = model_files::open(llama);
  const std::vector<std::int32_t> ids{5, 17, 42, 9};
  const auto step = step_of(ids, 0, 16);
  std::vector<float> hidden;
  shard whole(files, fast_backend(), {0, 4}, 1);
  BOOST_TEST(!whole.load_next());
  const auto expected = whole.forward({&step, 1}, hidden);
  for (int before = 0; before <= 5; ++before) {
    std::uint64_t seen = 0;
    std::uint64_t total = 0;
    shard later(
        files, fast_backend(), {0, 4}, 1,
        [&](std::uint64_t done, std::uint64_t all) {
          seen = done;
          total = all;
        },
        {}, loading::as_needed);
    BOOST_TEST(later.weight_bytes() == 0u);
    for (int i = 0; i < before; ++i)
      BOOST_TEST(later.load_next());
    BOOST_TEST((seen == total) == (before == 5));
    BOOST_TEST(first_difference(later.forward({&step, 1}, hidden), expected)
               == -1);
    BOOST_TEST(seen == total);
    BOOST_TEST(!later.load_next());
    BOOST_TEST(later.weight_bytes() == whole.weight_bytes());
  }
}

BOOST_AUTO_TEST_CASE(loading_that_was_interrupted_goes_on) {
  const auto files = model_files::open(llama);
  const std::vector<std::int32_t> ids{5, 17, 42, 9};
  const auto step = step_of(ids, 0, 16);
  std::vector<float> hidden;
  bool interrupt = false;
  shard one(
      files, fast_backend(), {0, 4}, 1,
      [&](std::uint64_t, std::uint64_t) {
        if (interrupt)
          throw std::runtime_error("not now");
      },
      {}, loading::as_needed);
  interrupt = true;
  BOOST_CHECK_THROW(one.forward({&step, 1}, hidden), std::runtime_error);
  BOOST_CHECK_THROW(one.load_next(), std::runtime_error);
  interrupt = false;
  const auto got = one.forward({&step, 1}, hidden);
  shard whole(files, fast_backend(), {0, 4}, 1);
  BOOST_TEST(first_difference(got, whole.forward({&step, 1}, hidden)) == -1);
}

// Where pages were mapped in, this would end the process.
BOOST_AUTO_TEST_CASE(a_file_that_has_become_shorter_is_an_error) {
  const testing::temporary_folder folder;
  const auto path = folder.path() / "a.gguf";
  write_random_model(path,
                     {.width = 256,
                      .ff_width = 512,
                      .layers = 2,
                      .heads = 4,
                      .kv_heads = 2,
                      .vocabulary = 1000,
                      .context = 64},
                     "q8_0", 1);
  const auto files = model_files::open(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  BOOST_CHECK_EXCEPTION(
      shard(files, fast_backend(), {0, 2}, 1), model_error,
      [](const model_error& error) {
        return std::string(error.what()).ends_with("has become shorter");
      });
}

BOOST_AUTO_TEST_CASE(only_wanted_rows_give_logits) {
  const auto files = model_files::open(llama);
  staged_model model(files, fast_backend(), 1, 4);
  const std::vector<std::int32_t> ids{5, 17, 42, 9};
  auto step = step_of(ids, 0, 16);
  const auto all = model.forward({&step, 1});
  BOOST_TEST(all.size() == 4 * model.vocabulary());
  step.outputs = 2;
  const auto two = model.forward({&step, 1});
  BOOST_TEST(first_difference(two, std::span(all).last(2 * model.vocabulary()))
             == -1);
  step.outputs = 0;
  BOOST_TEST(model.forward({&step, 1}).empty());
}

BOOST_AUTO_TEST_CASE(no_steps_give_nothing) {
  const auto files = model_files::open(llama);
  staged_model model(files, fast_backend(), 2, 1);
  BOOST_TEST(model.forward({}).empty());
}

BOOST_AUTO_TEST_CASE(blocks_can_be_used_again_by_another_sequence) {
  const auto files = model_files::open(llama);
  staged_model model(files, fast_backend(), 1, 2);
  const std::vector<std::int32_t> ids{5, 17, 42, 9};
  const std::vector<std::int32_t> others(30, 77);
  const auto step = step_of(ids, 0, 32);
  const auto fresh = model.forward({&step, 1});
  const auto other = step_of(others, 0, 32);
  model.forward({&other, 1});
  BOOST_TEST(first_difference(model.forward({&step, 1}), fresh) == -1);
}

BOOST_AUTO_TEST_CASE(a_run_gives_a_row_per_input_and_the_continuation) {
  const auto files = model_files::open(llama);
  const std::vector<std::int32_t> ids{5, 17, 42};
  const auto run = run_greedy(files, fast_backend(), ids, 4);
  BOOST_TEST(run.vocabulary == 512u);
  BOOST_TEST(run.logits.size() == 3u * 512u);
  BOOST_TEST(run.ids.size() == 4u);
  BOOST_TEST(run.logprobs.size() == 4u);
  BOOST_TEST(run.ids.front() == argmax(std::span(run.logits).last(512)));
  for (const auto logprob : run.logprobs)
    BOOST_TEST(logprob < 0.0f);
  const auto none = run_greedy(files, fast_backend(), ids, 0);
  BOOST_TEST(none.ids.empty());
  BOOST_TEST(first_difference(none.logits, run.logits) == -1);
}

BOOST_AUTO_TEST_CASE(ids_that_cannot_run_are_refused) {
  BOOST_TEST(error_of({}, 1) == "ids: at least one token id is needed");
  BOOST_TEST(error_of({1, 512}, 1)
             == "ids: no token 512 in a vocabulary of 512");
  BOOST_TEST(error_of({-1}, 1) == "ids: no token -1 in a vocabulary of 512");
  BOOST_TEST(error_of({1, 2}, 255)
             == "ids: 2 tokens and 255 to generate exceed the context of 256");
  BOOST_TEST(error_of({1, 2}, 0) == "");
}

BOOST_AUTO_TEST_SUITE_END()
