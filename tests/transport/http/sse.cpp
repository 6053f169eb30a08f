// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/sse.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace sluice::transport::http;

namespace {

// What comes out when `text` arrives in pieces of `size` bytes.
std::vector<std::string> events(std::string_view text, std::size_t size) {
  std::vector<std::string> out;
  event_reader reader{[&](std::string_view data) {
    out.emplace_back(data);
    return true;
  }};
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
    reader.push(text.substr(0, size));
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sse)

BOOST_AUTO_TEST_CASE(events_are_found_wherever_the_pieces_are_cut) {
  const std::string text = event_text("one") + ": comment\n\n"
                           + "event: x\r\ndata:two\r\ndata: three\r\n\r\n"
                           + event_text("[DONE]") + "data: unfinished\n";
  const std::vector<std::string> expected{"one", "two\nthree", "[DONE]"};
  for (std::size_t size = 1; size <= text.size(); ++size)
    BOOST_TEST(events(text, size) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_callback_ends_the_reading) {
  int seen = 0;
  event_reader reader{[&](std::string_view) { return ++seen < 2; }};
  BOOST_TEST(reader.push(event_text("1")));
  BOOST_TEST(!reader.push(event_text("2") + event_text("3")));
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_SUITE_END()
