// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A client that does not read what it asked for: its own answer rests, others
// get theirs, and when it reads on, nothing is missing.
#include "tests/flow/served_graph.hpp"
#include "tests/transport/http/raw_socket.hpp"

#include <future>

using namespace sluice::graph::tests;
namespace json = boost::json;

namespace {

/// Some megabytes of events: more than the kernel keeps for a client.
json::object long_answer() {
  return {{"prompt", "Once upon a time"},
          {"max_tokens", 1000},
          {"n", 8},
          {"seed", 3},
          {"logprobs", 20},
          {"ignore_eos", true},
          {"stream", true}};
}

std::string as_http(const json::object& body) {
  const auto text = json::serialize(body);
  return "POST /v1/completions HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
         "Content-Length: "
         + std::to_string(text.size()) + "\r\n\r\n" + text;
}

/// The texts of all choices, taken from a whole HTTP answer with its chunks.
std::vector<std::string> texts(std::string answer) {
  std::vector<std::string> out(8);
  for (std::size_t at = 0;;) {
    at = answer.find("data: {", at);
    if (at == std::string::npos)
      return out;
    at += 6;
    const auto event =
        json::parse(answer.substr(at, answer.find("\n\n", at) - at));
    for (const auto& one : event.at("choices").as_array())
      out.at(one.at("index").to_number<std::size_t>()) +=
          std::string_view{one.at("text").as_string()};
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(slow_client_flow)

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_holds_up_nobody_else) {
  const served_graph s{chat_graph("", ", batch: 8, kv_memory: 24MiB")};
  const auto port = s.graph().listening().port;
  sluice::test::raw_socket quick{port};
  quick.send(as_http(long_answer()));
  const auto expected = quick.read_all();

  sluice::test::raw_socket slow{port, 4096};
  slow.send(as_http(long_answer()));
  // Every choice rests, none is under way, and none of them holds a block.
  while (s.figure("vllm:num_requests_waiting") != 8
         || s.figure("vllm:num_requests_running") != 0)
    std::this_thread::yield();
  BOOST_TEST(s.figure("vllm:kv_cache_usage_perc") == 0.0);
  const json::object other{{"prompt", "The history of"}, {"max_tokens", 16}};
  const auto answer = s.choices(other);
  BOOST_TEST(answer.starts_with('['), answer);
  BOOST_TEST(s.figure("vllm:num_requests_waiting") == 8.0);

  const auto got = slow.read_all();
  BOOST_TEST(got.find("[DONE]") != std::string::npos);
  BOOST_TEST(texts(got) == texts(expected), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
