// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Blocks survive the process, damage is found, and a disk that cannot be used
// is told once.
#include "device/kv/disk_tier.hpp"
#include "device/error.hpp"
#include "device/kv/kv_tiers.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <mutex>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sluice::device;
using sluice::device::testing::temporary_folder;

namespace {

constexpr std::size_t block_bytes = 5000;
constexpr std::size_t slot = 8192; // with its label, in whole pages

kv_identity identity(std::uint8_t model = 7) {
  kv_identity out;
  out.model = {model};
  out.layers = {0, 4};
  out.kv_heads = 2;
  out.head_dim = 16;
  return out;
}

block_key key(std::uint8_t n) {
  return {n};
}

std::vector<std::byte> bytes(std::uint8_t n) {
  return std::vector<std::byte>(block_bytes, std::byte{n});
}

/// What was told, from whichever thread.
class complaints {
public:
  disk_tier::complaint taker() {
    return [this](const std::string& text) {
      const std::lock_guard lock{mutex_};
      told_.push_back(text);
    };
  }
  std::vector<std::string> told() const {
    const std::lock_guard lock{mutex_};
    return told_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
};

bool holds(disk_tier& tier, std::uint8_t n) {
  std::vector<std::byte> out(block_bytes);
  return tier.get(key(n), out) && out == bytes(n);
}

void overwrite(const std::filesystem::path& path, std::uint64_t offset,
               std::string_view text) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::string refusal(const std::filesystem::path& path,
                    std::uint64_t size = 10 * slot) {
  try {
    disk_tier tier(path, identity(), block_bytes, size,
                   [](const std::string&) {});
  } catch (const model_error& e) {
    return e.what();
  }
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(disk)

BOOST_AUTO_TEST_CASE(blocks_are_there_for_the_next_process) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  complaints heard;
  {
    disk_tier tier(path, identity(), block_bytes, 10 * slot, heard.taker());
    for (const std::uint8_t n : {1, 2, 3})
      tier.put(key(n), bytes(n));
    // At once, whether the writer came to them or not.
    for (const std::uint8_t n : {1, 2, 3})
      BOOST_TEST(holds(tier, n));
  }
  disk_tier tier(path, identity(), block_bytes, 10 * slot, heard.taker());
  BOOST_TEST(tier.keys().size() == 3u);
  for (const std::uint8_t n : {1, 2, 3})
    BOOST_TEST(holds(tier, n));
  BOOST_TEST(!holds(tier, 4));
  BOOST_TEST(tier.bytes() == 3 * slot);
  BOOST_TEST(heard.told().empty());
}

BOOST_AUTO_TEST_CASE(blocks_outlive_a_killed_process) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  const auto child = ::fork();
  if (child == 0) {
    disk_tier tier(path, identity(), block_bytes, 10 * slot,
                   [](const std::string&) {});
    tier.put(key(1), bytes(1));
    tier.flush();
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST(WIFSIGNALED(status));
  disk_tier tier(path, identity(), block_bytes, 10 * slot,
                 [](const std::string&) {});
  BOOST_TEST(holds(tier, 1));
}

BOOST_AUTO_TEST_CASE(the_least_recently_used_block_makes_room) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  {
    disk_tier tier(path, identity(), block_bytes, 3 * slot,
                   [](const std::string&) {});
    for (const std::uint8_t n : {1, 2, 3}) {
      tier.put(key(n), bytes(n));
      tier.flush();
    }
    BOOST_TEST(holds(tier, 1));
    tier.put(key(4), bytes(4));
    tier.flush();
    BOOST_TEST(!holds(tier, 2));
    BOOST_TEST(tier.counts().evicted == 1u);
    BOOST_TEST(tier.counts().written == 4u);
  }
  BOOST_TEST(std::filesystem::file_size(path) <= 4096 + 3 * slot);
  // A smaller bound cuts the file.
  disk_tier tier(path, identity(), block_bytes, 2 * slot,
                 [](const std::string&) {});
  BOOST_TEST(tier.keys().size() == 2u);
  BOOST_TEST(std::filesystem::file_size(path) <= 4096 + 2 * slot);
}

BOOST_AUTO_TEST_CASE(a_damaged_block_is_forgotten_and_told_once) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  complaints heard;
  {
    disk_tier tier(path, identity(), block_bytes, 10 * slot, heard.taker());
    for (const std::uint8_t n : {1, 2, 3}) {
      tier.put(key(n), bytes(n));
      tier.flush();
    }
  }
  overwrite(path, 4096 + 1000, "damage");
  overwrite(path, 4096 + slot + 5, "a damaged label");
  disk_tier tier(path, identity(), block_bytes, 10 * slot, heard.taker());
  BOOST_TEST(!holds(tier, 1));
  BOOST_TEST(!holds(tier, 2));
  BOOST_TEST(holds(tier, 3));
  BOOST_TEST(tier.counts().errors >= 1u);
  BOOST_TEST(
      heard.told()
          == std::vector<std::string>{path.string()
                                      + ": holds damaged KV blocks, which are "
                                        "computed again"},
      boost::test_tools::per_element());
  // Its slot serves again.
  tier.put(key(1), bytes(1));
  tier.flush();
  BOOST_TEST(holds(tier, 1));
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_keeps_its_whole_blocks) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  {
    disk_tier tier(path, identity(), block_bytes, 10 * slot,
                   [](const std::string&) {});
    for (const std::uint8_t n : {1, 2}) {
      tier.put(key(n), bytes(n));
      tier.flush();
    }
  }
  std::filesystem::resize_file(path, 4096 + slot + 700);
  disk_tier tier(path, identity(), block_bytes, 10 * slot,
                 [](const std::string&) {});
  BOOST_TEST(holds(tier, 1));
  BOOST_TEST(!holds(tier, 2));
}

BOOST_AUTO_TEST_CASE(blocks_of_another_model_make_room_with_a_word) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  complaints heard;
  {
    disk_tier tier(path, identity(), block_bytes, 10 * slot, heard.taker());
    tier.put(key(1), bytes(1));
  }
  {
    disk_tier tier(path, identity(8), block_bytes, 10 * slot, heard.taker());
    BOOST_TEST(!holds(tier, 1));
  }
  BOOST_TEST(heard.told()
                 == std::vector<std::string>{path.string()
                                             + ": begins anew, its KV blocks "
                                               "are of another model"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(strange_files_are_left_alone) {
  const temporary_folder folder;
  const auto mine = folder.write("diary", "Dear diary, this is no cache.");
  BOOST_TEST(refusal(mine)
             == mine.string() + ": is no file of KV blocks and is left alone");
  std::string text;
  std::getline(std::ifstream(mine), text);
  BOOST_TEST(text == "Dear diary, this is no cache.");
  BOOST_TEST(refusal(folder.path())
             == folder.path().string()
                    + ": cannot be opened for KV blocks: Is a directory");
  BOOST_TEST(refusal("/dev/null") == "/dev/null: is no regular file");
  BOOST_TEST(refusal(folder.path() / "none" / "kv")
             == (folder.path() / "none" / "kv").string()
                    + ": cannot be opened for KV blocks: No such file or "
                      "directory");
  BOOST_TEST(refusal(folder.path() / "small", 100)
             == (folder.path() / "small").string()
                    + ": 100 bytes of disk hold no KV block of 8192");
}

BOOST_AUTO_TEST_CASE(hostile_contents_are_only_damage) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  { // a right front, then rubbish
    disk_tier tier(path, identity(), block_bytes, 10 * slot,
                   [](const std::string&) {});
  }
  std::string rubbish(5 * slot, '\xff');
  for (std::size_t i = 0; i < rubbish.size(); ++i)
    rubbish[i] = static_cast<char>(i * 131 + i / 251);
  overwrite(path, 4096, rubbish);
  // A label that is right but for its checksum.
  std::string label(64, '\0');
  label[0] = 9;
  label[16] = 1;
  label[24] = static_cast<char>(block_bytes & 0xff);
  label[25] = static_cast<char>(block_bytes >> 8);
  overwrite(path, 4096 + slot, label);
  overwrite(path, 4096 + 2 * slot, label);
  disk_tier tier(path, identity(), block_bytes, 10 * slot,
                 [](const std::string&) {});
  for (const auto& one : tier.keys()) {
    std::vector<std::byte> out(block_bytes);
    BOOST_TEST(!tier.get(one, out));
  }
  tier.put(key(1), bytes(1));
  tier.flush();
  BOOST_TEST(holds(tier, 1));
}

BOOST_AUTO_TEST_CASE(two_users_of_one_file_are_refused) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  disk_tier tier(path, identity(), block_bytes, 10 * slot,
                 [](const std::string&) {});
  BOOST_TEST(refusal(path)
             == path.string() + ": another process keeps KV blocks there");
}

// The limit stands for a full disk: the system refuses to make the file longer.
BOOST_AUTO_TEST_CASE(a_full_disk_is_told_once_and_what_is_there_still_serves) {
  const temporary_folder folder;
  const auto path = folder.path() / "kv";
  complaints heard;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto limit = before;
  limit.rlim_cur = 4096 + slot + 3000;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  {
    disk_tier tier(path, identity(), block_bytes, 10 * slot, heard.taker());
    for (const std::uint8_t n : {1, 2, 3, 4}) {
      tier.put(key(n), bytes(n));
      tier.flush();
    }
    BOOST_TEST(holds(tier, 1));
    for (const std::uint8_t n : {2, 3, 4})
      BOOST_TEST(!holds(tier, n));
    BOOST_TEST(tier.counts().errors == 1u);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  BOOST_TEST(heard.told()
                 == std::vector<
                     std::string>{path.string()
                                  + ": cannot be written: File too large; no "
                                    "more KV blocks are written to disk"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tiers_do_without_a_disk_that_cannot_be_used) {
  complaints heard;
  kv_tiers tiers({.host_blocks = 2,
                  .disk = "/proc/no/such/folder",
                  .disk_bytes = 10 * slot,
                  .tell = heard.taker()},
                 identity(), block_bytes);
  tiers.store(key(1), bytes(1));
  tiers.save(key(2), bytes(2));
  std::vector<std::byte> out(block_bytes);
  BOOST_TEST(!tiers.load(key(1), out));
  BOOST_TEST(tiers.load(key(2), out));
  BOOST_TEST((out == bytes(2)));
  BOOST_TEST(heard.told().size() == 1u);
  BOOST_TEST(tiers.counts().host_hits == 1u);
  BOOST_TEST(tiers.counts().disk.errors == 1u);
}

BOOST_AUTO_TEST_CASE(main_memory_is_asked_before_the_disk) {
  const temporary_folder folder;
  kv_tiers tiers(
      {.host_blocks = 2, .disk = folder.path() / "kv", .disk_bytes = 10 * slot},
      identity(), block_bytes);
  tiers.store(key(1), bytes(1));
  tiers.store(key(2), bytes(2));
  tiers.save(key(1), bytes(1));
  std::vector<std::byte> out(block_bytes);
  BOOST_TEST(tiers.load(key(1), out));
  BOOST_TEST(tiers.load(key(2), out));
  BOOST_TEST((out == bytes(2)));
  BOOST_TEST(tiers.counts().host_hits == 1u);
  BOOST_TEST(tiers.counts().disk_hits == 1u);
  BOOST_TEST(tiers.stored().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
