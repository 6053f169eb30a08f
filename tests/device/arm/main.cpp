// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The main program of the kernel tests where Boost.Test is headers alone, and
// which path an Arm processor takes. run.sh names the case that fits the
// processor it emulates.
#define BOOST_TEST_MODULE arm
#include <boost/test/included/unit_test.hpp>

#include "device/cpu/features.hpp"

using namespace sluice::device;
using boost::unit_test::disabled;

BOOST_AUTO_TEST_SUITE(arm_path, *disabled())

BOOST_AUTO_TEST_CASE(dot_products_are_used_where_there_are_any) {
  BOOST_TEST((best_isa() == isa::neon_dotprod));
}

BOOST_AUTO_TEST_CASE(processors_without_them_run_the_reference) {
  BOOST_TEST((best_isa() == isa::reference));
}

BOOST_AUTO_TEST_SUITE_END()
