// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The bundled edge model with its KV blocks on disk: the tokens of a new
// process over yesterday's file are those of a model without any cache,
// whatever the file holds.
#include "tests/actors/model/real_model.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <random>

using namespace sluice;
using namespace sluice::actors;
using device::testing::temporary_folder;

namespace {

using answers = std::map<request_id, answer_log::answer>;

constexpr request_id prompts = 6;

model_assets_ptr edge() {
  static const auto assets =
      model_assets::open("edge", "examples/models/edge-q8_0.gguf");
  return assets;
}

// The same id is always the same prompt; all begin alike.
prompt wish(request_id id) {
  std::mt19937 random{5};
  prompt made;
  made.id = id;
  made.deadline = std::chrono::system_clock::now() + std::chrono::minutes{5};
  for (int i = 0; i < 70; ++i)
    made.tokens.push_back(static_cast<std::int32_t>(random() % 8000 + 20));
  random.seed(static_cast<unsigned>(id));
  for (auto more = random() % 60; more > 0; --more)
    made.tokens.push_back(static_cast<std::int32_t>(random() % 8000 + 20));
  made.output.max_tokens = 20;
  made.sampling.temperature = id % 2 == 0 ? 0.0f : 0.8f;
  made.sampling.seed = id;
  made.sampling.logprobs = true;
  made.sampling.ignore_eos = true;
  return made;
}

answers run_all(real_model& model) {
  for (request_id id = 1; id <= prompts; ++id)
    caf::anon_send(model.handle(), wish(id));
  BOOST_REQUIRE(model.log.await(prompts));
  return model.log.take();
}

void check_same(const answers& got, const answers& expected) {
  for (request_id id = 1; id <= prompts; ++id) {
    const auto& mine = got.at(id).tokens;
    const auto& theirs = expected.at(id).tokens;
    BOOST_REQUIRE(mine.size() == theirs.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      BOOST_REQUIRE(mine[i].id == theirs[i].id);
      BOOST_REQUIRE(mine[i].logprob == theirs[i].logprob);
    }
  }
}

const answers& plain() {
  static const auto told = [] {
    real_model model{edge(), {.prefix_cache = false}};
    return run_all(model);
  }();
  return told;
}

model_settings with_disk(const std::filesystem::path& path,
                         std::uint32_t pipeline = 1) {
  model_settings settings{.pipeline = pipeline};
  settings.tiers.disk = path;
  settings.tiers.disk_bytes = 64 << 20;
  return settings;
}

/// What a run over the file saw.
struct figures {
  std::uint64_t disk_hits = 0;
  std::uint64_t host_hits = 0;
  std::uint64_t errors = 0;
};

figures check_run(const model_settings& settings) {
  real_model model{edge(), settings};
  check_same(run_all(model), plain());
  const auto status = model.status();
  BOOST_TEST(status.books == "");
  BOOST_TEST(status.free_blocks == status.blocks);
  const auto& counts = model.counts.model("edge");
  return {counts.kv_disk_hits.value(), counts.kv_host_hits.value(),
          counts.kv_disk_errors.value()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(disk_cache)

BOOST_AUTO_TEST_CASE(a_restart_finds_yesterdays_blocks) {
  for (const std::uint32_t pipeline : {1u, 3u}) {
    const temporary_folder folder;
    const auto settings = with_disk(folder.path() / "kv", pipeline);
    BOOST_TEST(check_run(settings).disk_hits == 0u);
    const auto second = check_run(settings);
    BOOST_TEST(second.disk_hits >= 4u); // the common beginning, at least
    BOOST_TEST(second.errors == 0u);
  }
}

BOOST_AUTO_TEST_CASE(main_memory_serves_what_the_pool_could_not_keep) {
  model_settings settings{.max_running = 2};
  settings.kv_memory =
      12
      * device::kv_block_bytes(edge()->files.config(), device::kv_format::f16);
  settings.tiers.host_bytes = 64 << 20;
  real_model model{edge(), settings};
  check_same(run_all(model), plain());
  check_same(run_all(model), plain());
  BOOST_TEST(model.counts.model("edge").kv_host_hits.value() > 0u);
  BOOST_TEST(model.status().books == "");
}

BOOST_AUTO_TEST_CASE(damaged_blocks_are_computed_again) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  const auto settings = with_disk(path);
  check_run(settings);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(path);
    for (std::uint64_t at = 4096 + 700; at < size; at += 5000) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write("damage", 6);
    }
  }
  const auto second = check_run(settings);
  BOOST_TEST(second.errors > 0u);
  BOOST_TEST(second.disk_hits == 0u);
  BOOST_TEST(check_run(settings).disk_hits > 0u); // written anew
}

BOOST_AUTO_TEST_CASE(a_disk_that_cannot_be_used_is_done_without) {
  const temporary_folder folder;
  const auto diary = folder.write("diary", "Dear diary, this is no cache.");
  for (const auto& path :
       {std::filesystem::path{"/proc/no/such/kv"}, diary, folder.path()}) {
    const auto seen = check_run(with_disk(path));
    BOOST_TEST(seen.errors == 1u);
    BOOST_TEST(seen.disk_hits == 0u);
  }
}

BOOST_AUTO_TEST_CASE(another_models_file_begins_anew) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  {
    const auto other =
        model_assets::open("edge", "examples/models/stories260k.gguf");
    real_model model{other, with_disk(path)};
    prompt small = wish(1);
    for (auto& token : small.tokens)
      token %= 500;
    caf::anon_send(model.handle(), small);
    BOOST_REQUIRE(model.log.await(1));
  }
  BOOST_TEST(check_run(with_disk(path)).disk_hits == 0u);
  BOOST_TEST(check_run(with_disk(path)).disk_hits > 0u);
}

BOOST_AUTO_TEST_CASE(a_restart_finds_them_with_a_draft_model_too) {
  const temporary_folder folder;
  auto settings = with_disk(folder.path() / "kv");
  settings.draft.tokens = 2;
  settings.draft.max_batch = prompts;
  settings.draft_model = edge();
  for (const bool again : {false, true}) {
    real_model model{edge(), settings};
    run_all(model);
    const auto& counts = model.counts.model("edge");
    BOOST_TEST((counts.kv_disk_hits.value() > 0u) == again);
    BOOST_TEST(counts.accepted_tokens.value() > 0u);
    BOOST_TEST(model.status().books == "");
  }
}

BOOST_AUTO_TEST_CASE(int8_blocks_come_back_as_they_were) {
  const temporary_folder folder;
  auto settings = with_disk(folder.path() / "kv");
  settings.kv.format = device::kv_format::int8;
  answers first;
  for (const bool again : {false, true}) {
    real_model model{edge(), settings};
    auto told = run_all(model);
    if (again)
      check_same(told, first);
    first = std::move(told);
    BOOST_TEST((model.counts.model("edge").kv_disk_hits.value() > 0u) == again);
  }
}

BOOST_AUTO_TEST_SUITE_END()
