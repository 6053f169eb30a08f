// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The runtime inside a host: requests, answers, and what goes wrong.
#include "tests/apps/embed/graphs.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <mutex>

using namespace sluice;
using namespace embed_tests;

namespace {

constexpr std::chrono::seconds patience{60};

struct opened {
  runtime graph = runtime::open_text(plain, options());
};

} // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(sluice::error_code)
BOOST_TEST_DONT_PRINT_LOG_VALUE(sluice::finish_reason)
BOOST_TEST_DONT_PRINT_LOG_VALUE(sluice::phase)

BOOST_FIXTURE_TEST_SUITE(answers, opened)

BOOST_AUTO_TEST_CASE(collected_answer_tells_its_usage) {
  const auto whole = graph.submit(question()).collect();
  BOOST_TEST(!whole.text.empty());
  BOOST_TEST(whole.completion_tokens == 16u);
  BOOST_TEST(whole.prompt_tokens > 0u);
  BOOST_TEST(whole.finish == finish_reason::length);
}

BOOST_AUTO_TEST_CASE(pulled_and_pushed_answers_are_the_same) {
  const auto whole = graph.submit(question()).collect();
  std::string pulled;
  auto one = graph.submit(question());
  BOOST_TEST(one.id() != 0u);
  while (const auto piece = one.next(patience))
    pulled += piece->text;
  BOOST_TEST(one.ended());
  BOOST_TEST(!one.next().has_value());
  std::string pushed;
  std::promise<void> last;
  graph.submit(question(), [&](const delta& piece) {
    pushed += piece.text;
    if (piece.finish != finish_reason::none)
      last.set_value();
  });
  last.get_future().wait();
  BOOST_TEST(pulled == whole.text);
  BOOST_TEST(pushed == whole.text);
}

BOOST_AUTO_TEST_CASE(pull_without_patience_does_not_wait) {
  auto one = graph.submit(question("Once", 400));
  // Nothing can have come that soon, and if it has, it is a piece.
  const auto piece = one.next(std::chrono::milliseconds{0});
  BOOST_TEST((piece.has_value() || !one.ended()));
}

BOOST_AUTO_TEST_CASE(messages_text_and_tokens_are_all_prompts) {
  request chat_like;
  chat_like.messages = {{"user", "How do I list files?"}};
  chat_like.max_tokens = 4;
  BOOST_TEST(graph.submit(chat_like).collect().completion_tokens > 0u);
  request ids;
  ids.tokens = {5, 17, 42};
  ids.max_tokens = 4;
  BOOST_TEST(graph.submit(ids).collect().prompt_tokens == 3u);
}

BOOST_AUTO_TEST_CASE(fields_reach_everything_the_http_api_knows) {
  auto wish = question();
  wish.fields = R"({"logprobs": 2})";
  const auto whole = graph.submit(wish).collect();
  BOOST_REQUIRE(!whole.logprobs.empty());
  BOOST_TEST(whole.logprobs.front().top.size() == 2u);
}

BOOST_AUTO_TEST_CASE(wrong_request_is_refused_by_its_field) {
  std::string text;
  auto wish = question();
  wish.sampling.temperature = 9;
  BOOST_TEST(
      refuses([&] { graph.submit(wish); }, error_code::bad_request, &text));
  BOOST_TEST(text.find("temperature") != std::string::npos);
  BOOST_TEST(refuses([&] { graph.submit(request{}); }, error_code::bad_request,
                     &text));
  BOOST_TEST(text
             == "a request has exactly one of messages, messages_json, text "
                "and tokens");
  request ids;
  ids.tokens = {1 << 20};
  BOOST_TEST(
      refuses([&] { graph.submit(ids); }, error_code::bad_request, &text));
  auto fields = question();
  fields.fields = "[1]";
  BOOST_TEST(
      refuses([&] { graph.submit(fields); }, error_code::bad_request, &text));
  BOOST_TEST(text == "'fields' must be a JSON object");
}

BOOST_AUTO_TEST_CASE(cancelled_answer_says_so_and_frees_its_blocks) {
  auto one = graph.submit(question("Once", 500));
  BOOST_TEST(one.next().has_value());
  one.cancel();
  BOOST_TEST(refuses([&] { one.collect(); }, error_code::cancelled));
  const auto report = graph.close();
  BOOST_TEST(report.clean(), report.books);
}

BOOST_AUTO_TEST_CASE(cancel_inside_a_callback_ends_the_request) {
  std::promise<delta> last;
  std::atomic<int> seen = 0;
  graph.submit(question("Once", 500), [&](const delta& piece) {
    if (piece.finish != finish_reason::none)
      last.set_value(piece);
    else if (++seen == 2)
      graph.cancel(piece.id);
  });
  const auto end = last.get_future().get();
  BOOST_TEST(end.finish == finish_reason::cancelled);
  BOOST_TEST(end.code == error_code::cancelled);
}

BOOST_AUTO_TEST_CASE(throwing_callback_ends_its_request_alone) {
  std::promise<delta> last;
  graph.submit(question("Once", 500), [&](const delta& piece) {
    if (piece.finish != finish_reason::none)
      return last.set_value(piece);
    throw std::runtime_error("no paper");
  });
  const auto end = last.get_future().get();
  BOOST_TEST(end.code == error_code::host_failed);
  BOOST_TEST(end.error == "the callback threw: no paper");
  BOOST_TEST(graph.submit(question()).collect().completion_tokens == 16u);
}

BOOST_AUTO_TEST_CASE(deadline_ends_a_long_answer) {
  auto wish = question("Once", 2000);
  wish.timeout = std::chrono::milliseconds{30};
  BOOST_TEST(refuses([&] { graph.submit(wish).collect(); },
                     error_code::deadline_exceeded));
}

BOOST_AUTO_TEST_CASE(full_house_refuses_what_is_too_much) {
  auto few = options();
  few.max_requests = 1;
  auto other = runtime::open_text(plain, few);
  auto first = other.submit(question("Once", 500));
  auto second = other.submit(question());
  BOOST_TEST(refuses([&] { second.collect(); }, error_code::overloaded));
}

BOOST_AUTO_TEST_CASE(waiting_inside_a_callback_is_refused) {
  std::promise<std::string> told;
  graph.submit(question("Once", 1), [&](const delta& piece) {
    if (piece.finish == finish_reason::none)
      return;
    std::string text;
    refuses([&] { graph.close(); }, error_code::misuse, &text);
    told.set_value(text);
  });
  BOOST_TEST(told.get_future().get()
             == "close() inside a callback would wait for itself");
}

BOOST_AUTO_TEST_CASE(close_while_streaming_ends_the_answer) {
  auto hasty = options();
  hasty.drain = std::chrono::milliseconds{0};
  auto other = runtime::open_text(plain, hasty);
  auto one = other.submit(question("Once", 2000));
  BOOST_TEST(one.next().has_value());
  const auto report = other.close();
  BOOST_TEST(report.given_up == 1u);
  BOOST_TEST(report.killed == 0u);
  BOOST_TEST(refuses([&] { one.collect(); }, error_code::closed));
}

BOOST_AUTO_TEST_CASE(second_close_returns_the_first_report) {
  graph.submit(question()).collect();
  BOOST_TEST(graph.close().clean());
  BOOST_TEST(graph.close().clean());
  BOOST_TEST(graph.status().state == phase::closed);
  BOOST_TEST(refuses([&] { graph.submit(question()); }, error_code::closed));
  BOOST_TEST(refuses([&] { graph.edges(); }, error_code::closed));
  graph.cancel(7); // nothing to cancel, and no harm
}

BOOST_AUTO_TEST_CASE(drained_runtime_takes_no_more) {
  auto one = graph.submit(question());
  BOOST_TEST(graph.drain(patience) == 0u);
  BOOST_TEST(one.collect().completion_tokens == 16u);
  auto late = graph.submit(question());
  BOOST_TEST(refuses([&] { late.collect(); }, error_code::closed));
}

BOOST_AUTO_TEST_CASE(answers_outlive_their_runtime) {
  answer one;
  {
    auto hasty = options();
    hasty.drain = std::chrono::milliseconds{0};
    auto other = runtime::open_text(plain, hasty);
    one = other.submit(question("Once", 2000));
  }
  BOOST_TEST(refuses([&] { one.collect(); }, error_code::closed));
  one.cancel();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(opening)

BOOST_AUTO_TEST_CASE(two_runtimes_answer_side_by_side) {
  auto first = runtime::open_text(plain, options());
  auto second = runtime::open("examples/chat.yaml", options());
  auto a = first.submit(question());
  auto b = second.submit(question());
  BOOST_TEST(a.collect().text == b.collect().text);
  first.close();
  BOOST_TEST(second.submit(question()).collect().completion_tokens == 16u);
}

BOOST_AUTO_TEST_CASE(port_stays_shut_unless_asked_for) {
  auto shut = runtime::open_text(chat, options());
  BOOST_TEST(shut.status().listening == "");
  BOOST_TEST(shut.status().state == phase::ready);
  BOOST_TEST(!shut.submit(question()).collect().text.empty());
}

BOOST_AUTO_TEST_CASE(host_and_http_get_the_same_tokens) {
  auto serving = options();
  serving.serve = true;
  auto graph = runtime::open_text(chat, serving);
  auto wish = question();
  wish.sampling.temperature = 1;
  wish.sampling.seed = 7;
  const auto mine = graph.submit(wish).collect();
  const auto address = graph.status().listening;
  const auto where = transport::parse_address(address);
  BOOST_REQUIRE(where.has_value());
  const auto got = transport::http::client{*where}.send(
      "POST", "/v1/completions",
      R"({"prompt": "The history of the number", "max_tokens": 16,
          "temperature": 1, "seed": 7, "ignore_eos": true})");
  BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
  const auto body = boost::json::parse(got.body);
  BOOST_TEST(std::string(body.at("choices").at(0).at("text").as_string())
             == mine.text);
  BOOST_TEST(graph.metrics().find("vllm:") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_graph_tells_every_mistake_with_its_line) {
  const std::string wrong = R"(graph: wrong
models:
  edge: {path: models/none.gguf}
actors:
  prep: {kind: preproces, model: edge}
  home: {kind: model, modle: edge}
flow:
  - prep -> hme
)";
  try {
    runtime::open_text(wrong, options());
    BOOST_FAIL("it was opened");
  } catch (const error& why) {
    BOOST_TEST(why.code() == error_code::bad_graph);
    BOOST_REQUIRE(why.mistakes().size() >= 4u);
    for (const auto& one : why.mistakes())
      BOOST_TEST(one.line > 0u);
    const std::string text = why.what();
    BOOST_TEST(text.find("graph:5:16: unknown kind 'preproces'")
               != std::string::npos);
    BOOST_TEST(text.find("unknown field 'modle'") != std::string::npos);
    BOOST_TEST(text.find("unknown actor 'hme'") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(open_ends_that_do_not_fit_a_host_are_told) {
  std::string text;
  BOOST_TEST(refuses(
      [] {
        runtime::open_text(R"(graph: two
models:
  edge: {path: models/edge-q8_0.gguf}
actors:
  one: {kind: preprocess, model: edge}
  two: {kind: preprocess, model: edge}
  home: {kind: model, model: edge}
  done: {kind: postprocess, model: edge}
flow:
  - one -> home -> done
  - two -> home
)",
                           options());
      },
      error_code::bad_graph, &text));
  BOOST_TEST(text.find("several inputs are open: 'one.request' 'two.request'")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(served_graph_needs_its_gateway) {
  auto serving = options();
  serving.serve = true;
  std::string text;
  BOOST_TEST(refuses([&] { runtime::open_text(plain, serving); },
                     error_code::bad_graph, &text));
  BOOST_TEST(text.find("a graph needs a gateway") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(occupied_port_is_told) {
  auto serving = options();
  serving.serve = true;
  auto first = runtime::open_text(chat, serving);
  serving.listen = first.status().listening;
  BOOST_TEST(refuses([&] { runtime::open_text(chat, serving); },
                     error_code::cannot_listen));
}

BOOST_AUTO_TEST_CASE(log_callback_gets_lines) {
  std::mutex mutex;
  std::vector<std::string> lines;
  auto talkative = options();
  talkative.log = [&](log_level, std::string_view line) {
    const std::lock_guard lock{mutex};
    lines.emplace_back(line);
  };
  auto graph = runtime::open_text(plain, talkative);
  std::promise<void> last;
  graph.submit(question(), [&](const delta& piece) {
    if (piece.finish != finish_reason::none)
      return last.set_value();
    throw std::runtime_error("no ink");
  });
  last.get_future().wait();
  graph.close();
  const std::lock_guard lock{mutex};
  BOOST_REQUIRE(!lines.empty());
  BOOST_TEST(lines.back().find("no ink") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(progress_ends_with_ready_models) {
  std::mutex mutex;
  std::vector<model_status> latest;
  auto watched = options();
  watched.progress = [&](const std::vector<model_status>& models) {
    const std::lock_guard lock{mutex};
    latest = models;
  };
  auto graph = runtime::open_text(plain, watched);
  const std::lock_guard lock{mutex};
  BOOST_REQUIRE(latest.size() == 1u);
  BOOST_TEST(latest.front().state == phase::ready);
  BOOST_TEST(latest.front().done == latest.front().total);
}

BOOST_AUTO_TEST_SUITE_END()
