// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/plot/roofline.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace sluice::apps;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1))
    ++out;
  return out;
}

roofline machine() {
  return {.title = "m <1> & co",
          .subtitle = "two cores",
          .read_bytes_per_second = 36e9,
          .peak_operations_per_second = 1.86e12,
          .peak_name = "int8",
          .points = {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_roofline)

BOOST_AUTO_TEST_CASE(names_its_two_limits) {
  const auto svg = roofline_svg(machine());
  BOOST_TEST(svg.starts_with("<svg "));
  BOOST_TEST(svg.ends_with("</svg>\n"));
  BOOST_TEST(contains(svg, "read 36.0 GB/s"));
  BOOST_TEST(contains(svg, "int8 peak 1.86 Top/s"));
  BOOST_TEST(contains(svg, "m &lt;1> &amp; co"));
  BOOST_TEST(!contains(svg, "nan"));
  BOOST_TEST(!contains(svg, "inf"));
}

BOOST_AUTO_TEST_CASE(labels_each_point_with_its_share_of_the_roof_above) {
  auto what = machine();
  // Below the slope: 2 operations per byte allow 72 Gop/s.
  what.points.push_back({"decode x1", 18e9, 36e9});
  // Below the flat roof.
  what.points.push_back({"prefill 512", 1e9, 930e9});
  const auto svg = roofline_svg(what);
  BOOST_TEST(contains(svg, "decode x1: 36 Gop/s, 50 %"));
  BOOST_TEST(contains(svg, "prefill 512: 930 Gop/s, 50 %"));
  BOOST_TEST(count_of(svg, "<circle ") == 2u);
}

BOOST_AUTO_TEST_CASE(labels_of_equal_points_do_not_cover_each_other) {
  auto what = machine();
  for (const auto* name : {"a", "b", "c"})
    what.points.push_back({name, 18e9, 36e9});
  const auto svg = roofline_svg(what);
  const auto place_of = [&](const std::string& name) {
    const auto at = svg.find(">" + name + ": ");
    BOOST_REQUIRE(at != std::string::npos);
    return svg.substr(svg.rfind("<text", at), at - svg.rfind("<text", at));
  };
  BOOST_TEST(place_of("a") != place_of("b"));
  BOOST_TEST(place_of("b") != place_of("c"));
  BOOST_TEST(place_of("a") != place_of("c"));
}

BOOST_AUTO_TEST_SUITE_END()
