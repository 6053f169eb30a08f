// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/block_pool.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace sluice::actors;

namespace {

using table = std::vector<std::uint32_t>;

chain_key key_of(std::uint64_t number) {
  chain_key key;
  std::memcpy(key.bytes.data(), &number, sizeof number);
  return key;
}

std::optional<std::string> check(const block_pool& pool,
                                 const std::vector<table>& tables) {
  const std::vector<std::span<const std::uint32_t>> spans{tables.begin(),
                                                          tables.end()};
  return pool.check(spans);
}

// A pool whose blocks 0..count-1 are cached under the keys of their numbers.
block_pool with_cached(std::uint32_t size, std::uint32_t count) {
  block_pool pool{size};
  for (std::uint32_t i = 0; i < count; ++i) {
    table one;
    pool.extend(one, 1);
    pool.name(one[0], key_of(i));
    pool.release(one);
  }
  return pool;
}

} // namespace

BOOST_AUTO_TEST_SUITE(block_pool_)

BOOST_AUTO_TEST_CASE(a_new_pool_is_all_free) {
  const block_pool pool{8};
  BOOST_TEST(pool.free() == 8u);
  BOOST_TEST(pool.cached() == 0u);
  BOOST_TEST(!check(pool, {}));
}

BOOST_AUTO_TEST_CASE(extending_beyond_the_free_blocks_takes_none) {
  block_pool pool{4};
  table mine;
  BOOST_TEST(pool.extend(mine, 3));
  BOOST_TEST(!pool.extend(mine, 2));
  BOOST_TEST(mine.size() == 3u);
  BOOST_TEST(pool.free() == 1u);
}

BOOST_AUTO_TEST_CASE(a_named_block_is_found_after_its_user_left) {
  auto pool = with_cached(4, 1);
  BOOST_TEST(pool.free() == 4u);
  BOOST_TEST(pool.cached() == 1u);
  const auto found = pool.find(key_of(0));
  BOOST_REQUIRE(found.has_value());
  table mine;
  pool.share(mine, *found);
  BOOST_TEST(pool.free() == 3u);
  BOOST_TEST(!check(pool, {mine}));
  BOOST_TEST(!pool.find(key_of(1)));
}

BOOST_AUTO_TEST_CASE(a_shared_block_stays_until_its_last_user_leaves) {
  auto pool = with_cached(2, 1);
  table one;
  table two;
  pool.share(one, 0);
  pool.share(two, 0);
  pool.release(one);
  BOOST_TEST(pool.used(0));
  BOOST_TEST(pool.free() == 1u);
  pool.release(two);
  BOOST_TEST(pool.free() == 2u);
}

BOOST_AUTO_TEST_CASE(empty_blocks_go_before_cached_ones) {
  auto pool = with_cached(3, 1);
  table mine;
  pool.extend(mine, 2);
  BOOST_TEST(pool.find(key_of(0)).has_value());
  BOOST_TEST(pool.take_evicted().empty());
  pool.extend(mine, 1);
  BOOST_TEST(!pool.find(key_of(0)));
  const auto evicted = pool.take_evicted();
  BOOST_REQUIRE(evicted.size() == 1u);
  BOOST_TEST((evicted[0].key == key_of(0)));
}

BOOST_AUTO_TEST_CASE(the_least_recently_used_name_goes_first) {
  block_pool pool{3};
  for (std::uint64_t i = 0; i < 3; ++i) {
    table one;
    pool.extend(one, 1);
    pool.name(one[0], key_of(i));
    pool.release(one);
  }
  // Used again: now the youngest.
  table again;
  pool.share(again, *pool.find(key_of(0)));
  pool.release(again);
  table mine;
  pool.extend(mine, 1);
  BOOST_TEST(!pool.find(key_of(1)));
  BOOST_TEST(pool.find(key_of(0)).has_value());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_chain_goes_before_its_beginning) {
  block_pool pool{3};
  table chain;
  pool.extend(chain, 3);
  const std::vector<chain_key> keys{key_of(1), key_of(2), key_of(3)};
  for (std::size_t i = 0; i < 3; ++i)
    pool.name(chain[i], keys[i]);
  pool.release(chain);
  BOOST_TEST(pool.match(keys) == 3u);
  pool.extend(chain, 1);
  BOOST_TEST(pool.match(keys) == 2u);
}

BOOST_AUTO_TEST_CASE(a_gap_ends_the_match) {
  auto pool = with_cached(4, 3);
  pool.forget(*pool.find(key_of(1)));
  const std::vector<chain_key> keys{key_of(0), key_of(1), key_of(2)};
  BOOST_TEST(pool.match(keys) == 1u);
}

BOOST_AUTO_TEST_CASE(the_second_block_of_one_name_stays_nameless) {
  block_pool pool{2};
  table one;
  table two;
  pool.extend(one, 1);
  pool.extend(two, 1);
  pool.name(one[0], key_of(1));
  pool.name(two[0], key_of(1));
  BOOST_TEST(*pool.find(key_of(1)) == one[0]);
  pool.release(two);
  BOOST_TEST(pool.cached() == 0u);
  BOOST_TEST(!check(pool, {one}));
}

BOOST_AUTO_TEST_CASE(a_forgotten_block_is_found_no_more_but_stays_in_use) {
  block_pool pool{2};
  table mine;
  pool.extend(mine, 1);
  pool.name(mine[0], key_of(1));
  pool.forget(mine[0]);
  BOOST_TEST(!pool.find(key_of(1)));
  BOOST_TEST(pool.used(mine[0]));
  pool.release(mine);
  BOOST_TEST(pool.cached() == 0u);
  BOOST_TEST(!check(pool, {}));
}

BOOST_AUTO_TEST_CASE(pins_outlive_their_sequence_and_are_replaced_by_name) {
  auto pool = with_cached(4, 2);
  const table first{0};
  const table both{0, 1};
  pool.pin("talk", first);
  pool.pin("talk", both);
  BOOST_TEST(pool.pins() == 1u);
  BOOST_TEST(pool.free() == 2u);
  table mine;
  BOOST_TEST(!pool.extend(mine, 3));
  pool.unpin("talk");
  pool.unpin("nobody");
  BOOST_TEST(pool.free() == 4u);
  BOOST_TEST(!check(pool, {}));
}

BOOST_AUTO_TEST_CASE(the_oldest_pin_gives_way_first) {
  auto pool = with_cached(2, 2);
  const table first{1};
  const table second{0};
  pool.pin("b", first);
  pool.pin("a", second);
  BOOST_TEST(pool.unpin_oldest());
  BOOST_TEST(pool.used(0));
  BOOST_TEST(!pool.used(1));
  BOOST_TEST(pool.unpin_oldest());
  BOOST_TEST(!pool.unpin_oldest());
}

BOOST_AUTO_TEST_CASE(a_table_nobody_shows_is_a_leak) {
  block_pool pool{2};
  table mine;
  pool.extend(mine, 1);
  BOOST_TEST(check(pool, {}).value()
             == "block 0 is held 0 times but has 1 "
                "users");
}

BOOST_AUTO_TEST_CASE(a_block_in_two_tables_needs_two_users) {
  block_pool pool{2};
  table mine;
  pool.extend(mine, 1);
  BOOST_TEST(check(pool, {mine, mine}).value()
             == "block 0 is held 2 times but has 1 users");
}

BOOST_AUTO_TEST_CASE(a_block_that_does_not_exist_is_found) {
  const block_pool pool{2};
  BOOST_TEST(check(pool, {{7}}).value()
             == "block 7 does not exist but is held");
}

BOOST_AUTO_TEST_CASE(random_use_keeps_the_books_right) {
  std::mt19937 random{7};
  block_pool pool{37};
  std::vector<table> tables(9);
  for (int i = 0; i < 20000; ++i) {
    auto& mine = tables[random() % tables.size()];
    const auto number = random() % 60;
    switch (random() % 6) {
    case 0:
      pool.release(mine);
      break;
    case 1:
      if (const auto found = pool.find(key_of(number)))
        pool.share(mine, *found);
      break;
    case 2:
      if (const auto found = pool.find(key_of(number)))
        pool.forget(*found);
      break;
    case 3:
      if (random() % 2 == 0)
        pool.unpin(std::to_string(random() % 3));
      else
        pool.pin(std::to_string(random() % 3), mine);
      break;
    default: {
      const auto count = static_cast<std::uint32_t>(random() % 6);
      const bool fits = count <= pool.free();
      const auto before = mine.size();
      BOOST_REQUIRE(pool.extend(mine, count) == fits);
      BOOST_REQUIRE(mine.size() == before + (fits ? count : 0));
      if (fits && count > 0)
        pool.name(mine.back(), key_of(number));
      break;
    }
    }
    const auto wrong = check(pool, tables);
    BOOST_REQUIRE_MESSAGE(!wrong, wrong.value_or(""));
  }
}

BOOST_AUTO_TEST_SUITE_END()
