// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "device/files/mapped_file.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace sluice::device;
using sluice::device::testing::temporary_folder;

namespace {

constexpr std::size_t pages = std::size_t{64} << 10;

} // namespace

BOOST_AUTO_TEST_SUITE(a_mapped_file)

BOOST_AUTO_TEST_CASE(is_read_as_it_is_mapped) {
  const temporary_folder folder;
  std::string text;
  for (std::size_t i = 0; i < 3 * pages; ++i)
    text += static_cast<char>(i * 31 % 251);
  mapped_file opened{folder.write("a", text)};
  const mapped_file file{std::move(opened)};
  for (const auto part :
       {file.bytes(), file.bytes().subspan(1),
        file.bytes().subspan(pages - 7, pages + 9), file.bytes().first(0)}) {
    file.expect(part);
    std::vector<std::byte> out(part.size());
    file.read(out, part.data());
    BOOST_TEST(std::ranges::equal(out, part));
  }
}

BOOST_AUTO_TEST_CASE(knows_what_lies_in_it) {
  const temporary_folder folder;
  const mapped_file file{folder.write("a", std::string(pages, 'x'))};
  const auto all = file.bytes();
  BOOST_TEST(file.contains(all));
  BOOST_TEST(file.contains(all.subspan(5, 7)));
  BOOST_TEST(!file.contains({all.data() + 1, all.size()}));
  const std::vector<std::byte> other(10);
  BOOST_TEST(!file.contains(other));
  BOOST_TEST(!mapped_file{}.contains(other));
  file.expect(other); // a hint about nothing
}

BOOST_AUTO_TEST_CASE(that_has_become_shorter_is_refused) {
  const temporary_folder folder;
  const auto path = folder.write("a", std::string(3 * pages, 'x'));
  const mapped_file file{path};
  std::filesystem::resize_file(path, pages);
  std::vector<std::byte> out(2 * pages);
  BOOST_CHECK_EXCEPTION(
      file.read(out, file.bytes().data()), model_error, [&](const auto& error) {
        return error.what() == path.string() + ": has become shorter";
      });
}

BOOST_AUTO_TEST_SUITE_END()
