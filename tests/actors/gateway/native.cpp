// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// llama.cpp's native endpoint: fields, answers, pages.
#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/native_pages.hpp"
#include "actors/gateway/parse_request.hpp"
#include "gateway_fixture.hpp"
#include "transport/http/sse.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <future>

using namespace sluice::test;
namespace http = sluice::transport::http;
namespace json = boost::json;

namespace {

api_request good(std::string_view body) {
  auto result = parse_native(body, {}, {house::model()});
  if (const auto* error = std::get_if<api_error>(&result))
    BOOST_FAIL(error->message);
  return std::get<api_request>(std::move(result));
}

api_error bad(std::string_view body) {
  auto result = parse_native(body, {}, {house::model()});
  BOOST_REQUIRE(std::holds_alternative<api_error>(result));
  return std::get<api_error>(std::move(result));
}

// A body with a prompt and `more`.
std::string with(std::string_view more) {
  return R"({"prompt":"hi",)" + std::string{more} + "}";
}

text_delta say(std::string text, std::vector<std::int32_t> tokens,
               std::uint32_t count,
               finish_reason finish = finish_reason::none) {
  text_delta out;
  out.text = std::move(text);
  out.tokens = std::move(tokens);
  out.completion_tokens = count;
  out.finish = finish;
  return out;
}

api_request answered(std::string_view body) {
  auto out = good(body);
  out.model = "edge";
  return out;
}

// The data of every event.
std::vector<std::string> events_of(std::string_view stream) {
  std::vector<std::string> out;
  http::event_reader reader{[&](std::string_view data) {
    out.emplace_back(data);
    return true;
  }};
  reader.push(stream);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(native_fields)

BOOST_AUTO_TEST_CASE(defaults_are_those_of_llama_cpp) {
  const auto got = good(R"({"prompt":"hi"})");
  BOOST_TEST((got.kind == endpoint::native));
  BOOST_TEST(got.sampling.temperature == 0.8f);
  BOOST_TEST(got.sampling.top_k == 40u);
  BOOST_TEST(got.sampling.top_p == 0.95f);
  BOOST_TEST(got.sampling.min_p == 0.05f);
  BOOST_TEST(got.max_tokens == 0u);
  BOOST_TEST(!got.sampling.seeded);
  BOOST_TEST(got.prompts.front().text == "hi");
}

BOOST_AUTO_TEST_CASE(its_names_are_read) {
  const auto got = good(with(
      R"("n_predict":7,"temperature":0,"top_k":-1,"top_p":1,"min_p":0,)"
      R"("repeat_penalty":1.1,"presence_penalty":0.5,"frequency_penalty":1,)"
      R"("seed":5,"stop":["a","","b"],"n_probs":3,"ignore_eos":true,)"
      R"("return_tokens":true,"cache_prompt":false,"id_slot":2,"n_keep":4)"));
  BOOST_TEST(got.max_tokens == 7u);
  BOOST_TEST(got.sampling.temperature == 0.0f);
  BOOST_TEST(got.sampling.top_k == 0u);
  BOOST_TEST(got.sampling.repetition_penalty == 1.1f);
  BOOST_TEST(got.sampling.frequency_penalty == 1.0f);
  BOOST_TEST(got.sampling.seed == 5u);
  BOOST_TEST(got.stop == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST((got.logprobs && got.sampling.top_logprobs == 3));
  BOOST_TEST(got.sampling.ignore_eos);
  BOOST_TEST(got.native.tokens);
}

BOOST_AUTO_TEST_CASE(minus_one_draws_a_seed_and_never_ends) {
  for (const auto* seed : {"-1", "4294967295"})
    BOOST_TEST(!good(with(R"("seed":)" + std::string{seed})).sampling.seeded);
  BOOST_TEST(good(with(R"("n_predict":-1)")).max_tokens == 0u);
  BOOST_TEST(!good(with(R"("n_predict":-1)")).prefill_only);
}

BOOST_AUTO_TEST_CASE(to_predict_nothing_only_fills_the_cache) {
  BOOST_TEST(good(with(R"("n_predict":0)")).prefill_only);
}

BOOST_AUTO_TEST_CASE(prompts_come_as_text_ids_and_mixtures) {
  const auto ids = good(R"({"prompt":[104,105]})");
  BOOST_TEST(ids.prompts.size() == 1u);
  BOOST_TEST(ids.prompts[0].text == "hi");
  const auto mixed = good(R"({"prompt":["a",104,"bc"]})");
  BOOST_TEST(mixed.prompts[0].tokens
                 == (std::vector<std::int32_t>{0, 97, 104, 98, 99}),
             boost::test_tools::per_element());
  const auto several =
      good(R"({"prompt":["a",[98],["c",100],{"prompt_string":"e"}]})");
  BOOST_TEST_REQUIRE(several.prompts.size() == 4u);
  BOOST_TEST(several.prompts[0].text == "a");
  BOOST_TEST(several.prompts[1].tokens.front() == 98);
  BOOST_TEST(several.prompts[2].tokens.size() == 3u);
  BOOST_TEST(several.prompts[3].text == "e");
}

BOOST_AUTO_TEST_CASE(wrong_prompts_are_named) {
  BOOST_TEST(bad("{}").param == "prompt");
  BOOST_TEST(bad(R"({"prompt":5})").param == "prompt");
  BOOST_TEST(bad(R"({"prompt":[]})").param == "prompt");
  BOOST_TEST(bad(R"({"prompt":[1,null]})").param == "prompt[1]");
  BOOST_TEST(bad(R"({"prompt":["a",{}]})").param == "prompt[1].prompt_string");
  BOOST_TEST(
      bad(R"({"prompt":{"prompt_string":"a","multimodal_data":["x"]}})").param
      == "prompt.multimodal_data");
}

BOOST_AUTO_TEST_CASE(biases_come_in_all_forms) {
  const auto pairs =
      good(with(R"("logit_bias":[[5,-1.5],[6,false],["ab",2]])"));
  const auto& list = pairs.sampling.logit_bias;
  BOOST_TEST_REQUIRE(list.size() == 4u);
  BOOST_TEST((list[0] == std::pair<std::int32_t, float>{5, -1.5f}));
  BOOST_TEST((list[1].first == 6 && std::isinf(list[1].second)));
  BOOST_TEST((list[2].first == 97 && list[3].first == 98));
  const auto object = good(with(R"("logit_bias":{"7":1,"x":false})"));
  BOOST_TEST_REQUIRE(object.sampling.logit_bias.size() == 2u);
  BOOST_TEST(object.sampling.logit_bias[0].first == 7);
  BOOST_TEST(object.sampling.logit_bias[1].first == 'x');
}

BOOST_AUTO_TEST_CASE(wrong_biases_are_named) {
  BOOST_TEST(bad(with(R"("logit_bias":5)")).param == "logit_bias");
  BOOST_TEST(bad(with(R"("logit_bias":[[1,2],[3]])")).param == "logit_bias[1]");
  BOOST_TEST(bad(with(R"("logit_bias":[[1,true]])")).param == "logit_bias[0]");
  BOOST_TEST(bad(with(R"("logit_bias":{"1":"x"})")).param == "logit_bias.1");
}

BOOST_AUTO_TEST_CASE(what_would_change_the_answer_is_refused_by_name) {
  for (const auto* field :
       {R"("mirostat":2)", R"("typical_p":0.5)", R"("xtc_probability":0.1)",
        R"("dry_multiplier":0.8)", R"("dynatemp_range":0.5)",
        R"("top_n_sigma":1)", R"("min_keep":2)", R"("t_max_predict_ms":10)",
        R"("n_indent":1)", R"("adaptive_target":0.5)",
        R"("post_sampling_probs":true)", R"("grammar_lazy":true)",
        R"("lora":[{"id":0,"scale":1}])", R"("image_data":[{}])"}) {
    const std::string text{field};
    const auto name = text.substr(1, text.find('"', 1) - 1);
    const auto error = bad(with(text));
    BOOST_TEST(error.status == 400u);
    BOOST_TEST(error.param == name);
  }
}

BOOST_AUTO_TEST_CASE(values_that_switch_off_are_taken) {
  good(with(R"("mirostat":0,"typical_p":1,"xtc_probability":0,)"
            R"("dry_multiplier":0,"dynatemp_range":0,"top_n_sigma":-1,)"
            R"("min_keep":0,"t_max_predict_ms":-1,"adaptive_target":-1,)"
            R"("post_sampling_probs":false,"lora":[],"grammar":"",)"
            R"("timings_per_token":true,"return_progress":true)"));
}

BOOST_AUTO_TEST_CASE(a_window_of_penalties_is_refused_where_it_matters) {
  good(with(R"("repeat_last_n":64)"));
  good(with(R"("repeat_last_n":-1,"repeat_penalty":1.2)"));
  BOOST_TEST(good(with(R"("repeat_last_n":0,"repeat_penalty":1.2)"))
                 .sampling.repetition_penalty
             == 1.0f);
  BOOST_TEST(bad(with(R"("repeat_last_n":64,"repeat_penalty":1.2)")).param
             == "repeat_last_n");
}

BOOST_AUTO_TEST_CASE(samplers_are_switched_and_keep_their_order) {
  const auto few = good(with(R"("samplers":["temperature","dry"])"));
  BOOST_TEST(few.sampling.top_k == 0u);
  BOOST_TEST(few.sampling.top_p == 1.0f);
  BOOST_TEST(few.sampling.min_p == 0.0f);
  good(with(R"("samplers":["penalties","temperature","min_p","top_k"])"));
  good(with(R"("temperature":1,"samplers":["top_k","top_p","temperature"])"));
  good(with(R"("temperature":0,"samplers":["top_p","top_k"])"));
  BOOST_TEST(bad(with(R"("samplers":["top_k","top_p","temperature"])")).param
             == "samplers[2]");
  BOOST_TEST(bad(with(R"("samplers":[5])")).param == "samplers[0]");
}

BOOST_AUTO_TEST_CASE(wrong_types_and_ranges_are_named) {
  BOOST_TEST(bad(with(R"("n_predict":"x")")).param == "n_predict");
  BOOST_TEST(bad(with(R"("n_predict":-3)")).param == "n_predict");
  BOOST_TEST(bad(with(R"("temperature":"x")")).param == "temperature");
  BOOST_TEST(bad(with(R"("repeat_penalty":0)")).param == "repeat_penalty");
  BOOST_TEST(bad(with(R"("n_probs":21)")).param == "n_probs");
  BOOST_TEST(bad(with(R"("response_fields":[1])")).param
             == "response_fields[0]");
  BOOST_TEST(bad(with(R"("model":"other")")).status == 404u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(native_answers)

BOOST_AUTO_TEST_CASE(a_stream_is_chunks_and_one_end) {
  const auto out = make_answer_writer(
      answered(with(R"("stream":true,"n_predict":2,"stop":"x")")), {1, 1});
  out->tally().prompt_tokens(0, 3);
  out->tally().place(0, 4);
  BOOST_TEST(out->first_events() == "");
  BOOST_TEST(out->push(0, say("a", {97}, 1))
             == R"(data: {"index":0,"content":"a","tokens":[97],"stop":false,)"
                R"("id_slot":-1,"tokens_predicted":1,"tokens_evaluated":3})"
                "\n\n");
  auto last = say("b\n", {98, 120}, 3, finish_reason::stop);
  last.stop = "x";
  const auto events = events_of(out->push(0, last));
  BOOST_TEST_REQUIRE(events.size() == 2u);
  BOOST_TEST(at(events[0], "/tokens") == "[98,120]");
  BOOST_TEST(at(events[1], "/content") == R"("")");
  BOOST_TEST(at(events[1], "/stop") == "true");
  BOOST_TEST(at(events[1], "/id_slot") == "4");
  BOOST_TEST(at(events[1], "/stop_type") == R"("word")");
  BOOST_TEST(at(events[1], "/stopping_word") == R"("x")");
  BOOST_TEST(at(events[1], "/has_new_line") == "true");
  BOOST_TEST(at(events[1], "/prompt") == R"("hi")");
  BOOST_TEST(at(events[1], "/tokens_cached") == "5");
  BOOST_TEST(at(events[1], "/timings/predicted_n") == "3");
  BOOST_TEST(at(events[1], "/generation_settings/n_predict") == "2");
  BOOST_TEST(out->last_events() == "");
}

BOOST_AUTO_TEST_CASE(a_whole_answer_has_ids_only_when_asked_for) {
  for (const bool wanted : {false, true}) {
    const auto out = make_answer_writer(
        answered(with(wanted ? R"("return_tokens":true)" : R"("seed":1)")),
        {1, 1});
    out->push(0, say("a", {97}, 1));
    out->push(0, say("", {6}, 2, finish_reason::stop));
    BOOST_TEST(at(out->body(), "/content") == R"("a")");
    BOOST_TEST(at(out->body(), "/tokens") == (wanted ? "[97,6]" : "[]"));
    BOOST_TEST(at(out->body(), "/stop_type") == R"("eos")");
  }
}

BOOST_AUTO_TEST_CASE(probabilities_have_ids) {
  const auto out = make_answer_writer(answered(with(R"("n_probs":1)")), {1, 1});
  auto delta = say("a", {97}, 1, finish_reason::length);
  delta.logprobs.push_back({"a", -0.5f, {{"b", -1.0f}}, 97, {98}});
  out->push(0, delta);
  BOOST_TEST(at(out->body(), "/completion_probabilities")
             == R"([{"id":97,"token":"a","bytes":[97],"logprob":-5E-1,)"
                R"("top_logprobs":[{"id":98,"token":"b","bytes":[98],)"
                R"("logprob":-1}]}])");
}

BOOST_AUTO_TEST_CASE(several_choices_are_an_array) {
  const auto out =
      make_answer_writer(answered(R"({"prompt":["a","b"]})"), {1, 1});
  out->push(1, say("2", {50}, 1, finish_reason::length));
  out->push(0, say("1", {49}, 1, finish_reason::length));
  BOOST_TEST(at(out->body(), "/0/content") == R"("1")");
  BOOST_TEST(at(out->body(), "/1/prompt") == R"("b")");
  BOOST_TEST(at(out->body(), "/1/index") == "1");
}

BOOST_AUTO_TEST_CASE(only_wanted_fields_are_told) {
  const auto out = make_answer_writer(
      answered(with(R"("seed":3,"response_fields":["content",)"
                    R"("generation_settings/seed","nothing/at/all"])")),
      {1, 1});
  out->push(0, say("a", {97}, 1, finish_reason::length));
  BOOST_TEST(out->body() == R"({"content":"a","generation_settings/seed":3})");
}

BOOST_AUTO_TEST_CASE(an_error_in_mid_stream_is_the_last_event) {
  const auto out =
      make_answer_writer(answered(with(R"("stream":true)")), {1, 1});
  const auto events =
      events_of(out->error_events(to_api_error(errc::model_failed, "x")));
  BOOST_TEST_REQUIRE(events.size() == 1u);
  BOOST_TEST(at(events[0], "/error/message") == R"("x")");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(native_routes)

BOOST_AUTO_TEST_CASE(both_spellings_answer) {
  house h{say_hello};
  for (const auto* path : {"/completion", "/completions"}) {
    const auto got = h.client().send("POST", path, R"({"prompt":"hi"})");
    BOOST_TEST(got.status == 200u);
    BOOST_TEST(at(got.body, "/content") == R"("Hello")");
    BOOST_TEST(at(got.body, "/model") == R"("edge")");
  }
  BOOST_TEST(h.client().send("GET", "/completion").status == 405u);
  BOOST_TEST(h.client().send("POST", "/completion/x").status == 404u);
  const auto wrong =
      h.client().send("POST", "/completion", R"({"prompt":[999]})");
  BOOST_TEST(wrong.status == 400u);
  BOOST_TEST(at(wrong.body, "/error/param") == R"("prompt")");
}

BOOST_AUTO_TEST_CASE(props_tell_defaults_and_template) {
  auto model = house::model();
  model.chat_template = "{{ x }}";
  model.bos_token = "<s>";
  model.path = "edge.gguf";
  house h{say_hello};
  h.door.state->open({model});
  const auto got = h.client().send("GET", "/props");
  BOOST_TEST(got.status == 200u);
  BOOST_TEST(at(got.body, "/total_slots") == "1024");
  BOOST_TEST(at(got.body, "/default_generation_settings/n_ctx") == "512");
  BOOST_TEST(at(got.body, "/default_generation_settings/params/top_k") == "40");
  BOOST_TEST(at(got.body, "/chat_template") == R"("{{ x }}")");
  BOOST_TEST(at(got.body, "/bos_token") == R"("<s>")");
  BOOST_TEST(at(got.body, "/model_path") == R"("edge.gguf")");
  BOOST_TEST(h.client().send("POST", "/props", "{}").status == 405u);
}

BOOST_AUTO_TEST_CASE(pages_wait_for_the_model) {
  house h{say_hello, {}, false};
  BOOST_TEST(h.client().send("GET", "/props").status == 503u);
  BOOST_TEST(h.client().send("GET", "/slots").status == 503u);
}

BOOST_AUTO_TEST_CASE(slots_tell_what_runs_and_what_is_free) {
  gateway_settings settings;
  settings.max_in_flight = 3;
  house h{accept_only, settings};
  const auto free = h.client().send("GET", "/slots");
  BOOST_TEST(free.status == 200u);
  BOOST_TEST(json::parse(free.body).as_array().size() == 3u);
  BOOST_TEST(at(free.body, "/0/is_processing") == "false");
  auto asked = std::async(std::launch::async, [&] {
    return h.client().send("POST", "/completion",
                           R"({"prompt":"hi","n":2,"n_predict":9})");
  });
  const auto requests = h.graph_script->requests(2);
  h.tell(sluice::test::say(requests[1].id, "a", 4));
  std::string body;
  do // the text travels beside our question
    body = h.client().send("GET", "/slots").body;
  while (at(body, "/1/next_token/0/n_decoded") == "0");
  BOOST_TEST(at(body, "/0/is_processing") == "true");
  BOOST_TEST(at(body, "/0/id_task") == "0");
  BOOST_TEST(at(body, "/0/params/n_predict") == "9");
  BOOST_TEST(at(body, "/1/next_token/0/n_decoded") == "4");
  BOOST_TEST(at(body, "/1/next_token/0/n_remain") == "5");
  BOOST_TEST(at(body, "/1/n_ctx") == "512");
  BOOST_TEST(at(body, "/2/is_processing") == "false");
  for (const auto& one : requests)
    h.tell(sluice::test::say(one.id, "", 5, finish_reason::stop));
  BOOST_TEST(at(asked.get().body, "/1/id_slot") == "1");
}

BOOST_AUTO_TEST_CASE(a_full_house_can_be_told_by_the_status) {
  gateway_settings settings;
  settings.max_in_flight = 1;
  house h{accept_only, settings};
  const auto ask = [&] {
    return h.client().send("GET", "/slots?fail_on_no_slot=1").status;
  };
  BOOST_TEST(ask() == 200u);
  auto asked = std::async(std::launch::async, [&] {
    return h.client().send("POST", "/completion", R"({"prompt":"hi"})");
  });
  const auto requests = h.graph_script->requests(1);
  BOOST_TEST(ask() == 503u);
  BOOST_TEST(h.client().send("GET", "/slots").status == 200u);
  h.tell(sluice::test::say(requests[0].id, "", 1, finish_reason::stop));
  asked.get();
  BOOST_TEST(ask() == 200u);
}

BOOST_AUTO_TEST_CASE(slots_that_are_switched_off_say_so) {
  gateway_settings settings;
  settings.front.slots = false;
  house h{say_hello, settings};
  BOOST_TEST(h.client().send("GET", "/slots").status == 501u);
  BOOST_TEST(at(h.client().send("GET", "/props").body, "/endpoint_slots")
             == "false");
}

BOOST_AUTO_TEST_CASE(query_parameters_are_found_by_their_whole_name) {
  BOOST_TEST(has_parameter("/slots?a=1&fail=0", "fail"));
  BOOST_TEST(has_parameter("/slots?fail", "fail"));
  BOOST_TEST(!has_parameter("/slots?failure=1", "fail"));
  BOOST_TEST(!has_parameter("/slots?x=fail", "fail"));
  BOOST_TEST(!has_parameter("/slots", "fail"));
}

BOOST_AUTO_TEST_SUITE_END()
