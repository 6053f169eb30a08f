// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/mapped_file.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace sluice::device;
using sluice::device::testing::temporary_folder;

namespace {

constexpr std::size_t pages = std::size_t{64} << 10;

} // namespace

BOOST_AUTO_TEST_SUITE(a_mapped_file)

BOOST_AUTO_TEST_CASE(can_be_read_again_after_it_was_released) {
  const temporary_folder folder;
  const std::string text(3 * pages, 'x');
  const mapped_file file{folder.write("a", text)};
  for (const auto part :
       {file.bytes(), file.bytes().subspan(1),
        file.bytes().subspan(pages - 7, pages + 9), file.bytes().first(0)}) {
    file.expect(part);
    file.release(part);
    BOOST_TEST(std::ranges::count(file.bytes(), std::byte{'x'})
               == std::ptrdiff_t(text.size()));
  }
}

// Memory that is no file's would be emptied by the same advice.
BOOST_AUTO_TEST_CASE(leaves_memory_alone_that_is_not_its_own) {
  const temporary_folder folder;
  const mapped_file file{folder.write("a", std::string(pages, 'x'))};
  const std::vector<std::byte> other(3 * pages, std::byte{1});
  file.release(other);
  mapped_file{}.release(other);
  BOOST_TEST(std::ranges::count(other, std::byte{1})
             == std::ptrdiff_t(other.size()));
}

BOOST_AUTO_TEST_SUITE_END()
