// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/plot/plot_file.hpp"
#include "tests/apps/bench_serve/refused.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

using namespace sluice::apps;
using sluice::test::refusal;

BOOST_AUTO_TEST_SUITE(plot_file)

BOOST_AUTO_TEST_CASE(a_picture_of_another_kind_is_refused) {
  BOOST_TEST(refusal([] { check_plot_path("a.gif"); })
             == "--plot a.gif: the name ends in .svg or .png");
  BOOST_TEST(refusal([] { check_plot_path("a.svg"); }) == "");
}

BOOST_AUTO_TEST_CASE(an_svg_file_holds_the_text) {
  const sluice::device::testing::temporary_folder folder;
  const auto path = folder.path() / "a.svg";
  write_plot(path, "<svg/>");
  std::ifstream in{path};
  BOOST_TEST(std::string(std::istreambuf_iterator<char>{in}, {}) == "<svg/>");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named) {
  BOOST_TEST(refusal([] { write_plot("no/such/folder/a.svg", "<svg/>"); })
             == "no/such/folder/a.svg: cannot be written");
}

BOOST_AUTO_TEST_SUITE_END()
