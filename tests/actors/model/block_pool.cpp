// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/block_pool.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace sluice::actors;

namespace {

std::vector<block_pool::holding>
holdings(const std::map<block_pool::owner, std::vector<std::uint32_t>>& all) {
  std::vector<block_pool::holding> out;
  for (const auto& [who, blocks] : all)
    out.push_back({who, blocks});
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(block_pool_)

BOOST_AUTO_TEST_CASE(a_new_pool_is_all_free) {
  const block_pool pool{8};
  BOOST_TEST(pool.free() == 8u);
  BOOST_TEST(!pool.check({}));
}

BOOST_AUTO_TEST_CASE(extending_beyond_the_free_blocks_takes_none) {
  block_pool pool{4};
  std::vector<std::uint32_t> table;
  BOOST_TEST(pool.extend(1, table, 3));
  BOOST_TEST(!pool.extend(1, table, 2));
  BOOST_TEST(table.size() == 3u);
  BOOST_TEST(pool.free() == 1u);
}

BOOST_AUTO_TEST_CASE(a_table_nobody_shows_is_a_leak) {
  block_pool pool{2};
  std::vector<std::uint32_t> table;
  pool.extend(1, table, 1);
  BOOST_TEST(pool.check({}).value() == "block 0 leaked: neither free nor held");
}

BOOST_AUTO_TEST_CASE(a_block_in_two_tables_is_found) {
  block_pool pool{2};
  std::vector<std::uint32_t> table;
  pool.extend(1, table, 1);
  const std::vector<block_pool::holding> twice{{1, table}, {1, table}};
  BOOST_TEST(pool.check(twice).value()
             == "block 0 is held and also free or held elsewhere");
}

BOOST_AUTO_TEST_CASE(a_block_under_another_owner_is_found) {
  block_pool pool{2};
  std::vector<std::uint32_t> table;
  pool.extend(1, table, 2);
  const std::vector<block_pool::holding> wrong{{2, table}};
  BOOST_TEST(pool.check(wrong).value()
             == "block 0 is held by a sequence that does not own it");
}

BOOST_AUTO_TEST_CASE(random_use_keeps_the_books_right) {
  std::mt19937 random{7};
  block_pool pool{37};
  std::map<block_pool::owner, std::vector<std::uint32_t>> tables;
  for (int i = 0; i < 5000; ++i) {
    const block_pool::owner who = random() % 9 + 1;
    if (random() % 3 == 0) {
      pool.release(who, tables[who]);
    } else {
      const auto before = tables[who].size();
      const auto count = static_cast<std::uint32_t>(random() % 6);
      const bool fits = count <= pool.free();
      BOOST_REQUIRE(pool.extend(who, tables[who], count) == fits);
      BOOST_REQUIRE(tables[who].size() == before + (fits ? count : 0));
    }
    std::size_t held = 0;
    for (const auto& [owner, table] : tables)
      held += table.size();
    BOOST_REQUIRE(held + pool.free() == pool.size());
    BOOST_REQUIRE(!pool.check(holdings(tables)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
