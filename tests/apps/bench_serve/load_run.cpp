// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Load on servers that answer by a script: what is written down of good
// answers, and of every way in which an answer can be bad.
#include "apps/bench_serve/load_run.hpp"
#include "transport/http/server.hpp"
#include "transport/http/sse.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::apps;
using namespace sluice::transport::http;
using namespace std::chrono_literals;

namespace {

using answer = std::function<void(exchange&)>;

const std::string piece =
    event_text(R"({"choices":[{"delta":{"content":"a"}}]})");
const std::string finish =
    event_text(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string usage = event_text(
    R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}})");

/// Every request gets the same answer.
struct scripted {
  explicit scripted(answer script)
      : door{{}, [script](request, std::shared_ptr<exchange> out) {
               script(*out);
             }} {}
  server door;
};

answer stream_of(const std::string& text) {
  return [text](exchange& out) {
    out.begin_stream(200, {{"Content-Type", "text/event-stream"}});
    out.write(text);
    out.end();
  };
}

workload words(bool closed = true, double rate = 1000) {
  workload_settings how;
  how.prompt = length_distribution{8};
  how.output = length_distribution{4};
  how.closed = closed;
  if (!closed)
    how.arrivals.emplace(std::vector<rate_ramp>{}, rate, 1);
  const auto all = frequent_words();
  return {how, {{all.begin(), all.end()}}};
}

load_settings settings(const server& door, std::size_t requests,
                       std::size_t concurrency) {
  load_settings out;
  out.server = door.listening();
  out.target = "/v1/chat/completions";
  out.requests = requests;
  out.concurrency = concurrency;
  return out;
}

run_record run(load_settings how, workload what = words()) {
  return load_run{std::move(how), std::move(what)}.run(
      [] { return false; }, [](const load_progress&) {});
}

/// The only kind of failure of two requests, with its example.
std::string failure_of(answer script) {
  const scripted server{std::move(script)};
  const auto record = run(settings(server.door, 2, 2));
  BOOST_TEST(record.answered.empty());
  BOOST_TEST_REQUIRE(record.failures.size() == 1u);
  const auto& [kind, failure] = *record.failures.begin();
  BOOST_TEST(failure.count == 2u);
  return kind + ": " + failure.example;
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_runs)

BOOST_AUTO_TEST_CASE(an_answers_pieces_and_usage_are_written_down) {
  const scripted server{
      stream_of(piece + piece + piece + finish + usage + event_text("[DONE]"))};
  const auto record = run(settings(server.door, 5, 2));
  BOOST_TEST(record.sent == 5u);
  BOOST_TEST_REQUIRE(record.answered.size() == 5u);
  BOOST_TEST(record.gaps.size() == 10u);
  BOOST_TEST(record.connections == 2u);
  for (const auto& r : record.answered) {
    BOOST_TEST(r.pieces == 3u);
    BOOST_TEST(r.output_tokens == 4u, "as the server counts");
    BOOST_TEST(r.prompt_tokens == 9u);
    BOOST_TEST(r.prompt_wanted == 8u);
    BOOST_TEST((r.sent <= r.first && r.first <= r.last && r.last <= r.end));
    BOOST_TEST(r.end <= record.elapsed);
  }
}

BOOST_AUTO_TEST_CASE(without_usage_pieces_are_counted) {
  const scripted server{stream_of(piece + piece + finish)};
  const auto record = run(settings(server.door, 1, 1));
  BOOST_TEST(record.answered.at(0).output_tokens == 2u);
}

BOOST_AUTO_TEST_CASE(an_open_loop_sends_all_and_waits_for_the_last) {
  const scripted server{stream_of(piece + finish)};
  const auto record = run(settings(server.door, 50, 0), words(false));
  BOOST_TEST(record.answered.size() == 50u);
  for (const auto& r : record.answered)
    BOOST_TEST(r.due <= r.sent, "none leaves before it is due");
}

BOOST_AUTO_TEST_CASE(an_open_loop_can_be_bounded) {
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  server door{{}, [&](request, std::shared_ptr<exchange> out) {
                most = std::max<int>(most, ++at_once);
                --at_once; // before the client can know of the end
                stream_of(piece + finish)(*out);
              }};
  const auto record = run(settings(door, 100, 3), words(false, 1e6));
  BOOST_TEST(record.answered.size() == 100u);
  BOOST_TEST(record.connections <= 3u);
  BOOST_TEST(most <= 3);
}

BOOST_AUTO_TEST_CASE(nothing_starts_after_the_duration) {
  const scripted server{stream_of(piece + finish)};
  auto how = settings(server.door, 0, 0);
  how.duration = 0.1;
  const auto record = run(how, words(false, 500));
  BOOST_TEST(record.sent > 0u);
  for (const auto& r : record.answered)
    BOOST_TEST(r.due < 0.1);
}

BOOST_AUTO_TEST_CASE(bad_answers_are_counted_by_kind_with_an_example) {
  const auto refuse = [](exchange& out) {
    out.respond({429, {}, R"({"error":{"message":"every place is taken"}})"});
  };
  BOOST_TEST(failure_of(refuse) == "HTTP 429: every place is taken");
  BOOST_TEST(
      failure_of(stream_of(piece + event_text(R"({"error":"stage died"})")))
      == "error in the stream: stage died");
  BOOST_TEST(failure_of(stream_of(event_text("hello")))
             == "not OpenAI's shape: hello");
  BOOST_TEST(failure_of(stream_of(finish))
             == "no whole answer: the answer held no text");
  BOOST_TEST(failure_of(stream_of(piece))
             == "no whole answer: the stream ended without a finish reason");
}

BOOST_AUTO_TEST_CASE(an_answer_cut_in_the_middle_is_broken_off) {
  const auto cut = [](exchange& out) {
    out.begin_stream(200, {});
    out.write(piece);
  };
  BOOST_TEST(failure_of(cut).starts_with("broken off: the answer of "));
}

BOOST_AUTO_TEST_CASE(a_silent_server_is_a_timeout) {
  std::vector<std::shared_ptr<exchange>> held;
  server door{{}, [&](request, std::shared_ptr<exchange> out) {
                held.push_back(std::move(out));
              }};
  auto how = settings(door, 1, 1);
  how.client.call_timeout = 30ms;
  const auto record = run(how);
  BOOST_TEST(record.failures.at("timeout").count == 1u);
  door.stop(0ms);
  held.clear();
}

BOOST_AUTO_TEST_CASE(a_server_that_dies_ends_the_run) {
  auto server = std::make_unique<scripted>(stream_of(piece + finish));
  const auto how = settings(server->door, 0, 30);
  const auto record = load_run{how, words()}.run([] { return false; },
                                                 [&](const load_progress& p) {
                                                   if (p.answered > 0)
                                                     server.reset();
                                                 });
  BOOST_TEST(record.gave_up == "the server takes no connections any more");
  BOOST_TEST(!record.answered.empty());
  BOOST_TEST(record.failures.at("no connection").count >= 50u);
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_keeps_what_it_has) {
  std::vector<std::shared_ptr<exchange>> held;
  server_settings single;
  single.threads = 1; // `held` needs no lock
  server door{
      single,
      [&](request, std::shared_ptr<exchange> out) {
        if (held.empty())
          held.push_back(std::move(out)); // the first never ends
        else
          stream_of(piece + finish)(*out);
      },
  };
  bool enough = false;
  const auto record = load_run{settings(door, 0, 2), words()}.run(
      [&] { return enough; },
      [&](const load_progress& p) { enough = p.answered > 0; });
  BOOST_TEST(record.interrupted);
  BOOST_TEST(!record.answered.empty());
  BOOST_TEST(record.unfinished >= 1u);
  BOOST_TEST(record.failures.empty());
  door.stop(0ms);
  held.clear();
}

BOOST_AUTO_TEST_SUITE_END()
