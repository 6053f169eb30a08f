// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/answer_event.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::apps;

namespace {

answer_event delta(const std::string& fields) {
  return read_answer_event(R"({"choices":[{"index":0,"delta":{)" + fields
                           + R"(},"finish_reason":null}]})");
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_events)

BOOST_AUTO_TEST_CASE(text_counts_wherever_it_stands) {
  BOOST_TEST(delta(R"("content":"a")").has_text);
  BOOST_TEST(delta(R"("reasoning_content":"a")").has_text);
  BOOST_TEST(delta(R"("tool_calls":[{"index":0}])").has_text);
  BOOST_TEST(read_answer_event(R"({"choices":[{"text":"a"}]})").has_text);
}

BOOST_AUTO_TEST_CASE(a_role_or_an_empty_delta_is_no_text) {
  for (const auto* fields :
       {R"("role":"assistant")", R"("content":"")", R"("content":null)", ""}) {
    const auto event = delta(fields);
    BOOST_TEST(event.valid);
    BOOST_TEST(!event.has_text, fields);
  }
}

BOOST_AUTO_TEST_CASE(usage_and_finish_are_read) {
  const auto event = read_answer_event(
      R"({"choices":[{"delta":{},"finish_reason":"length"}],"usage":{)"
      R"("prompt_tokens":80,"completion_tokens":64,)"
      R"("prompt_tokens_details":{"cached_tokens":16}}})");
  BOOST_TEST(event.finished);
  BOOST_TEST(event.usage.value().prompt == 80u);
  BOOST_TEST(event.usage->completion == 64u);
  BOOST_TEST(event.usage->cached == 16u);
  BOOST_TEST(read_answer_event(R"({"choices":[],"usage":null})").valid);
}

BOOST_AUTO_TEST_CASE(an_error_in_the_stream_keeps_its_words) {
  BOOST_TEST(read_answer_event(R"({"error":{"message":"no room"}})").error
             == "no room");
  BOOST_TEST(read_answer_event(R"({"error":"no room"})").error == "no room");
}

BOOST_AUTO_TEST_CASE(what_is_not_the_api_is_not_valid) {
  for (const auto* text : {"", "{", "[]", "42", R"({"choices":3})", "{}",
                           R"({"choices":[{"delta":7}]} trailing)"})
    BOOST_TEST(!read_answer_event(text).valid, text);
  // Odd values inside are no crash and no text.
  BOOST_TEST(!read_answer_event(R"({"choices":[3,{"delta":7}]})").has_text);
  const auto odd = read_answer_event(
      R"({"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1e99}})");
  BOOST_TEST(odd.usage.value().prompt == 0u);
  BOOST_TEST(odd.usage->completion == 0u);
}

BOOST_AUTO_TEST_CASE(an_error_body_gives_its_message_or_its_beginning) {
  BOOST_TEST(error_message(R"({"error":{"message":"busy","type":"x"}})")
             == "busy");
  BOOST_TEST(error_message(R"({"message":"busy"})") == "busy");
  BOOST_TEST(error_message("<html>") == "<html>");
  BOOST_TEST(error_message(std::string(5000, 'x')).size() == 200u);
}

BOOST_AUTO_TEST_SUITE_END()
