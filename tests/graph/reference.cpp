// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The reference page names everything that may be written, as it is written.
// tests/docs compares it with the page in docs.
#include "graph/schema/reference.hpp"

#include "graph/kinds/kind_registry.hpp"
#include "graph/schema/fields.hpp"
#include "graph/yaml/shorthand.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

bool has(std::string_view text) {
  return reference_page().find(text) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(reference)

BOOST_AUTO_TEST_CASE(every_kind_has_a_section) {
  for (const auto& name : built_in_kinds().names())
    BOOST_TEST(has("\n#### kind: " + name + "\n"), name);
}

BOOST_AUTO_TEST_CASE(field_is_told_with_type_default_and_range) {
  BOOST_TEST(has("| `max_body` | bytes, `512MiB` | `8MiB` | 1KiB to 1GiB | "
                 "Largest request body. |\n"));
  BOOST_TEST(has("| `rules` | list of [route rule](#route-rule), or one alone "
                 "| required | |"));
  BOOST_TEST(has("| `deadline` | duration, `30s` | `10m` | 100ms to 1d |"));
  BOOST_TEST(has("| `trust` | `private`, `public` | `private` |"));
}

BOOST_AUTO_TEST_CASE(ports_come_from_the_kinds) {
  BOOST_TEST(has("Input: `request`. Output: `prompt`.\n"));
  BOOST_TEST(has("Outputs: any number of prompts, named by the flow.\n"));
}

BOOST_AUTO_TEST_CASE(stars_of_comments_are_no_emphasis) {
  BOOST_TEST(has("and \\*.safetensors."));
  BOOST_TEST(has("`*.rank[1]`"));
}

BOOST_AUTO_TEST_CASE(written_numbers_are_read_back) {
  for (std::uint64_t value :
       {0ull, 1ull, 1000ull, 1024ull, 1536ull, 8388608ull, 1099511627776ull}) {
    auto bytes = parse_bytes(written(static_cast<double>(value), "bytes"));
    BOOST_TEST(std::get<std::uint64_t>(bytes) == value);
    auto time = parse_duration(written(static_cast<double>(value), "duration"));
    BOOST_TEST(std::get<std::uint64_t>(time) == value);
  }
  BOOST_TEST(written(8388608, "bytes") == "8MiB");
  BOOST_TEST(written(90000, "duration") == "90s");
  BOOST_TEST(std::get<double>(parse_price(written(2.1, "price"))) == 2.1);
  BOOST_TEST(written(0.5, "") == "0.5");
}

BOOST_AUTO_TEST_SUITE_END()
