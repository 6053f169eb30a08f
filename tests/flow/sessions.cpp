// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sessions in a whole graph: chunks are computed as they come, the answer is
// that of one whole prompt, and no block stays behind.
#include "graph/build/running_graph.hpp"
#include "graph/load.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::graph;
namespace json = boost::json;
namespace http = sluice::transport::http;

namespace {

constexpr std::chrono::seconds patience{60};

const std::string chat_graph = R"(graph: chat
models:
  edge: {path: examples/models/edge-q8_0.gguf}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0", sessions: 2}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 2}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
)";

const std::string story =
    "The history of computing is older than the machines that we call "
    "computers today. People have counted with pebbles, with knots in strings "
    "and with beads on wires, and they have written tables by hand, so that "
    "others need not compute the same numbers again. A machine that follows "
    "instructions was";

struct server {
  server() : graph{load()} {
    BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  }
  ~server() {
    const auto report = graph.stop();
    BOOST_TEST(report.clean(), report.books);
  }

  static validated_graph load() {
    auto loaded = parse_graph(chat_graph, "chat.yaml");
    BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
    return std::move(*loaded.value);
  }

  http::response send(const std::string& method, const std::string& path,
                      const json::object& body = {}) const {
    return http::client{graph.listening()}.send(method, path,
                                                json::serialize(body));
  }

  json::value post(const std::string& path, const json::object& body) const {
    const auto got = send("POST", path, body);
    BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
    return json::parse(got.body);
  }

  /// The path of a new session that was fed `text` in pieces of `size` bytes.
  std::string fed(const std::string& text, std::size_t size) const {
    const auto path =
        "/v1/sessions/"
        + std::string{post("/v1/sessions", {}).at("id").as_string()};
    for (std::size_t at = 0; at < text.size(); at += size)
      post(path + "/append", {{"text", text.substr(at, size)}});
    return path;
  }

  running_graph graph;
};

json::object greedy() {
  return {{"max_tokens", 16}, {"temperature", 0}, {"logprobs", 2}};
}

std::string choices(const json::value& answer) {
  return json::serialize(answer.at("choices"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(session_flow)

BOOST_AUTO_TEST_CASE(chunks_give_the_answer_of_the_whole_prompt) {
  auto asked = greedy();
  asked["prompt"] = story;
  const auto whole = server{}.post("/v1/completions", asked);
  // Boundaries fall within words and within characters' neighbourhood alike.
  for (const std::size_t size : {7u, 64u, 1000u}) {
    const server s;
    const auto path = s.fed(story, size);
    const auto answer = s.post(path + "/generate", greedy());
    BOOST_TEST(choices(answer) == choices(whole));
    // All but the last word was stored when it came, but for the last block.
    const auto prompt = answer.at_pointer("/usage/prompt_tokens").as_int64();
    const auto cached =
        answer.at_pointer("/usage/prompt_tokens_details/cached_tokens")
            .as_int64();
    BOOST_TEST(prompt > 64);
    BOOST_TEST(cached >= prompt - 32);
    BOOST_TEST(s.send("DELETE", path).status == 200u);
  }
}

BOOST_AUTO_TEST_CASE(conversation_in_chunks_is_the_whole_conversation) {
  const json::array messages{
      json::object{{"role", "user"}, {"content", story + " What is this?"}}};
  auto asked = greedy();
  asked["logprobs"] = true;
  asked["messages"] = messages;
  const server s;
  const auto whole = s.post("/v1/chat/completions", asked);
  asked.erase("messages");
  const auto path =
      "/v1/sessions/"
      + std::string{s.post("/v1/sessions", {}).at("id").as_string()};
  s.post(path + "/append",
         {{"messages",
           json::array{json::object{{"role", "user"}, {"content", story}}}}});
  s.post(path + "/append", {{"text", " What is"}});
  s.post(path + "/append", {{"text", " this?"}});
  BOOST_TEST(choices(s.post(path + "/generate", asked)) == choices(whole));
}

BOOST_AUTO_TEST_CASE(sessions_are_bounded_and_end_with_their_blocks) {
  const server s;
  const auto first = s.fed(story, 100);
  s.fed(story + " Again", 1000);
  BOOST_TEST(s.send("POST", "/v1/sessions").status == 429u);
  BOOST_TEST(s.send("DELETE", first).status == 200u);
  BOOST_TEST(s.send("POST", first + "/generate").status == 404u);
  BOOST_TEST(s.send("POST", "/v1/sessions").status == 200u);
  // One stays open: the server's end proves that it leaves no block behind.
}

BOOST_AUTO_TEST_CASE(chunk_beyond_the_context_is_refused_and_not_kept) {
  const server s;
  const auto path = s.fed("Once upon a time", 100);
  std::string much;
  for (int i = 0; i < 20000; ++i)
    much += "word ";
  const auto got = s.send("POST", path + "/append", {{"text", much}});
  BOOST_TEST(got.status == 400u);
  BOOST_TEST(got.body.find("context_length_exceeded") != std::string::npos,
             got.body);
  s.post(path + "/generate", greedy());
}

BOOST_AUTO_TEST_SUITE_END()
