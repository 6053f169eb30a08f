// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the tests of refused files share.
#pragma once

#include "device/error.hpp"
#include "device/files/model_files.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::device::testing {

/// Opening `path` must throw a model_error that names the file and contains
/// `wanted`.
inline void check_open_refused(const std::filesystem::path& path,
                               std::string_view wanted) {
  try {
    model_files::open(path);
    BOOST_ERROR("opened, but should be refused with: " << wanted);
  } catch (const model_error& error) {
    const std::string text = error.what();
    BOOST_TEST_INFO("message: " << text);
    BOOST_TEST_INFO("wanted: " << wanted);
    BOOST_TEST((text.find(wanted) != text.npos));
    BOOST_TEST(text.starts_with(path.string()));
  }
}

} // namespace sluice::device::testing
