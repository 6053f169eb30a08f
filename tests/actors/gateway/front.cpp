// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/request_headers.hpp"
#include "gateway_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::test;
namespace http = sluice::transport::http;

namespace {

std::string header(const http::response& got, std::string_view name) {
  return std::string{http::find(got.headers, name).value_or("")};
}

} // namespace

BOOST_AUTO_TEST_SUITE(front_routes)

BOOST_AUTO_TEST_CASE(the_index_names_every_endpoint) {
  house h{say_hello};
  const auto got = h.client().send("GET", "/");
  BOOST_TEST(got.status == 200u);
  for (const auto* path :
       {"/v1/chat/completions", "/v1/completions", "/v1/responses",
        "/completion", "/props", "/slots", "/v1/models", "/tokenize",
        "/detokenize", "/health", "/metrics"})
    BOOST_TEST(got.body.find(path) != std::string::npos, path);
}

BOOST_AUTO_TEST_CASE(unknown_paths_get_404_in_openais_shape) {
  house h{say_hello};
  const auto got = h.client().send("GET", "/v2/x?y=1");
  BOOST_TEST(got.status == 404u);
  BOOST_TEST(got.body
             == R"({"error":{"message":"no such endpoint: /v2/x","type":)"
                R"("invalid_request_error","param":null,"code":)"
                R"("not_found"}})");
}

BOOST_AUTO_TEST_CASE(wrong_methods_get_405_and_are_told_the_right_one) {
  house h{say_hello};
  auto caller = h.client();
  const auto got = caller.send("GET", "/v1/chat/completions");
  BOOST_TEST(got.status == 405u);
  BOOST_TEST(header(got, "Allow") == "POST, OPTIONS");
  BOOST_TEST(got.body.find("/v1/chat/completions takes POST, not GET")
             != std::string::npos);
  BOOST_TEST(header(caller.send("DELETE", "/health"), "Allow")
             == "GET, HEAD, OPTIONS");
  BOOST_TEST(caller.send("HEAD", "/health").status == 200u);
  const auto options = caller.send("OPTIONS", "/v1/completions");
  BOOST_TEST(options.status == 204u);
  BOOST_TEST(header(options, "Allow") == "POST, OPTIONS");
}

BOOST_AUTO_TEST_CASE(models_are_listed_and_looked_up) {
  house h{say_hello};
  auto caller = h.client();
  const auto list = caller.send("GET", "/v1/models").body;
  BOOST_TEST(list.starts_with(
      R"({"object":"list","data":[{"id":"edge","object":"model","created":)"));
  BOOST_TEST(list.ends_with(R"("owned_by":"sluice","max_model_len":512}]})"));
  BOOST_TEST(caller.send("GET", "/v1/models/alias").status == 200u);
  BOOST_TEST(caller.send("GET", "/v1/models/other").status == 404u);
}

BOOST_AUTO_TEST_CASE(an_unknown_model_is_404_and_the_served_are_named) {
  house h{say_hello};
  const auto got = h.client().send("POST", "/v1/chat/completions",
                                   chat_body(R"("model":"gpt-9")"));
  BOOST_TEST(got.status == 404u);
  BOOST_TEST(got.body
             == R"({"error":{"message":"the model 'gpt-9' does not exist; )"
                R"(served: 'edge', 'alias'","type":"invalid_request_error",)"
                R"("param":"model","code":"model_not_found"}})");
}

BOOST_AUTO_TEST_CASE(with_two_models_a_request_must_name_one) {
  house h{say_hello};
  auto other = house::model();
  other.names = {"large"};
  h.door.state->open({house::model(), other});
  const auto got = h.client().send("POST", "/v1/chat/completions", chat_body());
  BOOST_TEST(got.status == 400u);
  BOOST_TEST(got.body.find("'model' is required; served: 'edge', 'alias', "
                           "'large'")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(text_and_conversations_are_tokenized) {
  house h{say_hello};
  auto caller = h.client();
  BOOST_TEST(caller.send("POST", "/tokenize", R"({"prompt":"ab"})").body
             == R"({"count":3,"max_model_len":512,"tokens":[0,97,98]})");
  BOOST_TEST(caller
                 .send("POST", "/tokenize",
                       R"({"prompt":"ab","add_special_tokens":false})")
                 .body
             == R"({"count":2,"max_model_len":512,"tokens":[97,98]})");
  BOOST_TEST(caller.send("POST", "/tokenize", chat_body()).body
             == R"({"count":1,"max_model_len":512,"tokens":[109]})");
  BOOST_TEST(caller.send("POST", "/detokenize", R"({"tokens":[97,34]})").body
             == R"({"prompt":"a\""})");
  BOOST_TEST(
      caller.send("POST", "/detokenize", R"({"tokens":[256]})")
          .body.find(
              "'tokens' names token 256, but the vocabulary has 256 tokens")
      != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wrong_field_is_named_over_http_too) {
  house h{say_hello};
  const auto got = h.client().send("POST", "/v1/chat/completions",
                                   chat_body(R"("temperature":"hot")"));
  BOOST_TEST(got.status == 400u);
  BOOST_TEST(got.body.find(R"("param":"temperature")") != std::string::npos);
  const auto ids =
      h.client().send("POST", "/v1/completions", R"({"prompt":[1,999]})");
  BOOST_TEST(ids.status == 400u);
  BOOST_TEST(ids.body.find("names token 999") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bodies_over_the_limit_get_openais_shape_too) {
  gateway_settings settings;
  settings.front.http.body_limit = 100;
  house h{say_hello, settings};
  const auto got =
      h.client().send("POST", "/v1/chat/completions", std::string(200, ' '));
  BOOST_TEST(got.status == 413u);
  BOOST_TEST(got.body
             == R"({"error":{"message":"the request's body is longer than )"
                R"(100 bytes","type":"invalid_request_error","param":null,)"
                R"("code":null}})");
}

BOOST_AUTO_TEST_CASE(keys_guard_everything_but_health) {
  gateway_settings settings;
  settings.front.api_keys = {"sk-one", "sk-two"};
  house h{say_hello, settings};
  auto caller = h.client();
  const auto status = [&](const char* path, const char* authorization) {
    http::header_list headers;
    if (authorization != nullptr)
      headers.emplace_back("Authorization", authorization);
    return caller.send("GET", path, {}, headers).status;
  };
  BOOST_TEST(status("/health", nullptr) == 200u);
  BOOST_TEST(status("/v1/models", nullptr) == 401u);
  BOOST_TEST(status("/v1/models", "Bearer sk-three") == 401u);
  BOOST_TEST(status("/v1/models", "Bearer sk-on") == 401u);
  BOOST_TEST(status("/v1/models", "sk-one") == 401u);
  BOOST_TEST(status("/v1/models", "Bearer sk-one") == 200u);
  BOOST_TEST(status("/v1/models", "Bearer sk-two") == 200u);
  BOOST_TEST(status("/nowhere", nullptr) == 401u);
  const auto got = caller.send("GET", "/v1/models");
  BOOST_TEST(got.body
             == R"({"error":{"message":"a valid API key is required )"
                R"x((Authorization: Bearer ...)","type":)x"
                R"("authentication_error","param":null,"code":)"
                R"("invalid_api_key"}})");
}

BOOST_AUTO_TEST_CASE(secrets_are_compared_whole) {
  BOOST_TEST(same_secret("abc", "abc"));
  BOOST_TEST(!same_secret("abc", "abd"));
  BOOST_TEST(!same_secret("abc", "ab"));
  BOOST_TEST(!same_secret("abab", "ab"));
  BOOST_TEST(!same_secret("", "a"));
  BOOST_TEST(!same_secret("a", ""));
}

BOOST_AUTO_TEST_CASE(browsers_of_other_origins_are_let_in_when_asked_to) {
  gateway_settings settings;
  settings.front.cors_origin = "*";
  house h{say_hello, settings};
  const auto got = h.client().send("OPTIONS", "/v1/chat/completions");
  BOOST_TEST(header(got, "Access-Control-Allow-Origin") == "*");
  house closed{say_hello};
  BOOST_TEST(header(closed.client().send("GET", "/health"),
                    "Access-Control-Allow-Origin")
             == "");
}

BOOST_AUTO_TEST_CASE(a_request_id_is_echoed_on_every_answer) {
  house h{say_hello};
  auto caller = h.client();
  const auto id = [&](const char* method, const char* path,
                      const std::string& body) {
    return header(caller.send(method, path, body, {{"X-Request-Id", "mine-7"}}),
                  "X-Request-Id");
  };
  BOOST_TEST(id("POST", "/v1/chat/completions", chat_body()) == "mine-7");
  BOOST_TEST(id("POST", "/v1/chat/completions", chat_body(R"("stream":true)"))
             == "mine-7");
  BOOST_TEST(id("POST", "/v1/chat/completions", "{}") == "mine-7");
  BOOST_TEST(id("GET", "/nowhere", "") == "mine-7");
}

BOOST_AUTO_TEST_CASE(a_request_id_is_made_when_none_can_be_used) {
  const auto made = request_id_of({}, 255);
  BOOST_TEST(made == "req-00000000000000ff");
  BOOST_TEST(request_id_of({{"x-request-id", "a b"}}, 255) == made);
  BOOST_TEST(request_id_of({{"x-request-id", "a\"\x7f"}}, 255) == made);
  BOOST_TEST(request_id_of({{"x-request-id", std::string(129, 'a')}}, 255)
             == made);
  BOOST_TEST(request_id_of({{"x-request-id", std::string(128, 'a')}}, 255)
             == std::string(128, 'a'));
  house h{say_hello};
  auto caller = h.client();
  const auto first = header(caller.send("GET", "/health"), "X-Request-Id");
  BOOST_TEST(first.starts_with("req-"));
  BOOST_TEST(header(caller.send("GET", "/health"), "X-Request-Id") != first);
}

BOOST_AUTO_TEST_SUITE_END()
