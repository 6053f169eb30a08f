// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/chain_hash.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>
#include <set>

using namespace sluice::actors;

namespace {

std::vector<std::int32_t> counting(std::size_t count, std::int32_t first = 0) {
  std::vector<std::int32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

} // namespace

BOOST_AUTO_TEST_SUITE(chain_hash)

BOOST_AUTO_TEST_CASE(model_adapter_and_salt_each_begin_other_chains) {
  chain_hasher hasher;
  const std::set<chain_key> roots{
      hasher.root("m", "", ""),  hasher.root("", "m", ""),
      hasher.root("", "", "m"),  hasher.root("n", "", ""),
      hasher.root("ma", "", ""), hasher.root("m", "a", "")};
  BOOST_TEST(roots.size() == 6u);
  BOOST_TEST((hasher.root("m", "a", "s") == hasher.root("m", "a", "s")));
}

BOOST_AUTO_TEST_CASE(a_key_depends_on_every_token_before_it) {
  chain_hasher hasher;
  const auto root = hasher.root("m", "", "");
  auto tokens = counting(40);
  std::vector<chain_key> keys;
  hasher.extend(root, tokens, keys);
  BOOST_REQUIRE(keys.size() == 2u); // the third block is not full
  tokens[3] = 77;
  std::vector<chain_key> others;
  hasher.extend(root, tokens, others);
  BOOST_TEST((others[0] != keys[0]));
  BOOST_TEST((others[1] != keys[1]));
}

BOOST_AUTO_TEST_CASE(equal_blocks_at_other_places_have_other_keys) {
  chain_hasher hasher;
  std::vector<chain_key> keys;
  hasher.extend(hasher.root("m", "", ""), std::vector<std::int32_t>(48, 5),
                keys);
  BOOST_TEST((keys[0] != keys[1]));
  BOOST_TEST((keys[1] != keys[2]));
}

BOOST_AUTO_TEST_CASE(a_chain_grows_the_same_in_pieces) {
  chain_hasher hasher;
  const auto root = hasher.root("m", "", "");
  const auto tokens = counting(64);
  std::vector<chain_key> whole;
  hasher.extend(root, tokens, whole);
  std::vector<chain_key> pieces;
  for (std::size_t count = 0; count <= 64; count += 7)
    hasher.extend(root, std::span{tokens}.first(count), pieces);
  hasher.extend(root, tokens, pieces);
  BOOST_TEST((pieces == whole));
}

// The disk tier's files outlive the process: keys may not change with it.
BOOST_AUTO_TEST_CASE(keys_are_the_same_in_every_process) {
  chain_hasher hasher;
  const auto key =
      hasher.next(hasher.root("model", "adapter", "salt"), counting(16));
  BOOST_TEST(int{key.bytes[0]} == 11);
  BOOST_TEST(int{key.bytes[15]} == 51);
}

BOOST_AUTO_TEST_SUITE_END()
