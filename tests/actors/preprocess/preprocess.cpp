// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/preprocess.hpp"

#include "actors/preprocess/conversation.hpp"
#include "device/error.hpp"
#include "tests/actors/stepped_system.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

model_assets_ptr edge() {
  static const auto opened =
      model_assets::open("edge", "examples/models/edge-q8_0.gguf");
  return opened;
}

model_assets_ptr stories() {
  static const auto opened =
      model_assets::open("stories", "examples/models/stories260k.gguf");
  return opened;
}

preprocess_state ready(const model_assets_ptr& assets = edge()) {
  preprocess_state state{nullptr};
  state.assets = assets;
  state.rules = label_rules{{{"sensitive", "pii", {}, ""}}};
  return state;
}

request wish() {
  request made;
  made.id = 1;
  made.deadline = instant{1h};
  return made;
}

request chat(std::string messages) {
  auto made = wish();
  made.messages = std::move(messages);
  return made;
}

std::string refused(request made, errc code,
                    const model_assets_ptr& assets = edge()) {
  const auto reply = ready(assets).prepare(std::move(made), instant{});
  if (reply)
    return "accepted";
  BOOST_TEST((code_of(reply.error()) == code));
  return context_of(reply.error());
}

prompt_sink::behavior_type dummy_router(prompt_sink::pointer,
                                        std::vector<prompt>* log,
                                        std::vector<request_id>* cancels) {
  return {
      [log](prompt& wish) -> caf::result<accepted> {
        log->push_back(wish);
        if (wish.id == 13)
          return make_error(errc::overloaded, "full");
        return accepted{wish.id, 4};
      },
      [cancels](const cancel& msg) { cancels->push_back(msg.id); },
      [](const hold&) {},
      [](const forget_session&) {},
  };
}

} // namespace

BOOST_AUTO_TEST_SUITE(preprocess_)

BOOST_AUTO_TEST_CASE(a_conversation_becomes_the_models_own_prompt) {
  const auto made = ready().prepare(
      chat(R"([{"role":"user","content":"How do I list all files including )"
           R"(hidden ones with ls?"}])"),
      instant{});
  BOOST_REQUIRE(bool{made});
  const std::vector<std::int32_t> ids{0,    4,    756,  440,  309,  862,
                                      478,  1302, 1396, 6093, 4211, 337,
                                      6243, 37,   6,    5};
  BOOST_TEST(made->tokens == ids, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(text_and_ids_are_prompts_too) {
  auto text = wish();
  text.text = "Once upon a time";
  const std::vector<std::int32_t> ids{1, 403, 407, 261, 378};
  auto made = ready(stories()).prepare(text, instant{});
  BOOST_TEST(made->tokens == ids, boost::test_tools::per_element());
  auto given = wish();
  given.tokens = ids;
  made = ready(stories()).prepare(given, instant{});
  BOOST_TEST(made->tokens == ids, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(text_parts_are_joined) {
  const auto messages = read_conversation(
      R"([{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"text","text":"b"}]}])");
  BOOST_TEST(messages[0].at("content").as_string() == "ab");
}

BOOST_AUTO_TEST_CASE(tool_arguments_become_objects) {
  const auto messages = read_conversation(
      R"([{"role":"assistant","content":null,"tool_calls":[{"function":)"
      R"({"name":"f","arguments":"{\"x\":1}"}}]}])");
  const auto& arguments =
      messages[0].at("tool_calls").at(0).at("function").at("arguments");
  BOOST_REQUIRE(arguments.is_object());
  BOOST_TEST(arguments.at("x").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(personal_data_anywhere_labels_the_prompt) {
  const auto labelled = [](const request& one) {
    const auto made = ready().prepare(one, instant{});
    return made && std::ranges::count(made->labels, "sensitive") == 1;
  };
  BOOST_TEST(
      labelled(chat(R"([{"role":"system","content":"mail jane@example.org"},)"
                    R"({"role":"user","content":"hi"}])")));
  auto text = wish();
  text.text = "mail jane@example.org";
  BOOST_TEST(labelled(text));
  auto ids = wish();
  ids.tokens = edge()->tokens.encode("mail jane@example.org");
  BOOST_TEST(labelled(ids));
  text.text = "hello";
  BOOST_TEST(!labelled(text));
}

BOOST_AUTO_TEST_CASE(labels_of_the_client_stay) {
  auto one = wish();
  one.text = "call +49 30 901820";
  one.labels = {"gold"};
  const std::vector<std::string> both{"gold", "sensitive"};
  BOOST_TEST(ready().prepare(one, instant{})->labels == both,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrong_conversations_are_refused_by_message) {
  BOOST_TEST(refused(chat("[]"), errc::bad_request)
             == "messages must not be empty");
  BOOST_TEST(refused(chat("{}"), errc::bad_request)
             == "messages must be an array");
  BOOST_TEST(refused(chat("[1"), errc::bad_request)
                 .starts_with("messages are not JSON: "));
  BOOST_TEST(refused(chat("[5]"), errc::bad_request)
             == "messages[0] is not an object");
  BOOST_TEST(refused(chat(R"([{"content":"x"}])"), errc::bad_request)
             == "messages[0] has no role");
  BOOST_TEST(
      refused(chat(R"([{"role":"user","content":5}])"), errc::bad_request)
      == "messages[0] has content that is neither text nor text parts");
  BOOST_TEST(
      refused(chat(R"([{"role":"user","content":[{"type":"image_url"}]}])"),
              errc::bad_request)
      == "messages[0] has a content part of type 'image_url': only text is "
         "supported");
}

BOOST_AUTO_TEST_CASE(what_the_template_refuses_is_template_failed) {
  // The bundled template adds strings; content is missing here.
  const auto text =
      refused(chat(R"([{"role":"user"}])"), errc::template_failed);
  BOOST_TEST(!text.empty());
  BOOST_TEST(text != "accepted");
}

BOOST_AUTO_TEST_CASE(a_model_without_a_template_says_so) {
  BOOST_TEST(refused(chat(R"([{"role":"user","content":"x"}])"),
                     errc::template_failed, stories())
             == "model 'stories' has no chat template");
}

BOOST_AUTO_TEST_CASE(template_options_must_be_an_object) {
  auto one = chat(R"([{"role":"user","content":"x"}])");
  one.template_options = "[]";
  BOOST_TEST(refused(one, errc::bad_request)
             == "chat_template_kwargs must be an object");
  one.template_options = "{";
  BOOST_TEST(refused(one, errc::bad_request)
                 .starts_with("chat_template_kwargs is not JSON: "));
}

BOOST_AUTO_TEST_CASE(an_empty_prompt_is_refused) {
  BOOST_TEST(refused(wish(), errc::bad_request) == "the prompt is empty");
}

BOOST_AUTO_TEST_CASE(ids_outside_the_vocabulary_are_refused) {
  auto one = wish();
  one.tokens = {5, 8192};
  BOOST_TEST(refused(one, errc::bad_request)
             == "token id 8192 is outside the vocabulary of 8192");
  one.tokens = {-1};
  BOOST_TEST(refused(one, errc::bad_request)
             == "token id -1 is outside the vocabulary of 8192");
}

BOOST_AUTO_TEST_CASE(a_wrong_grammar_is_refused_with_its_path) {
  auto one = wish();
  one.text = "hello";
  one.sampling.grammar = {device::grammar_kind::json_schema,
                          R"({"properties":{"a":{"type":"strin"}}})",
                          "response_format.json_schema.schema"};
  BOOST_TEST(refused(one, errc::bad_request)
             == "response_format.json_schema.schema.properties.a.type: there "
                "is no type 'strin'");
  one.sampling.grammar.text = R"({"type":"string"})";
  BOOST_TEST(!!ready().prepare(one, instant{}));
  BOOST_TEST(edge()->grammars->size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_passed_deadline_costs_no_work) {
  auto one = wish();
  one.deadline = instant{};
  BOOST_TEST(refused(one, errc::deadline_exceeded)
             == "the deadline passed before the prompt was read");
}

BOOST_FIXTURE_TEST_CASE(the_reply_is_that_of_whoever_admits, stepped_system) {
  std::vector<prompt> prompts;
  std::vector<request_id> cancels;
  const auto next = keep(system.spawn(dummy_router, &prompts, &cancels));
  const auto door = keep(spawn_preprocess(system, {}, edge(), next));
  auto one = wish();
  one.deadline = std::chrono::system_clock::now() + 1h;
  one.text = "hello";
  one.tenant = "acme";
  BOOST_TEST(ask<accepted>(door, one)->prompt_tokens == 4u);
  BOOST_TEST(prompts.at(0).tenant == "acme");
  one.id = 13;
  const auto no = ask<accepted>(door, one);
  BOOST_REQUIRE(!no);
  BOOST_TEST((code_of(no.error()) == errc::overloaded));
  tell(door, cancel{7});
  BOOST_TEST(cancels.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_label_rule_is_told_at_spawn, stepped_system) {
  BOOST_CHECK_THROW(
      spawn_preprocess(system, {{{"a", "", {}, "("}}}, edge(), {}),
      device::model_error);
}

BOOST_AUTO_TEST_CASE(tools_tell_postprocess_what_to_look_for) {
  auto made = chat(R"([{"role":"user","content":"hi"}])");
  made.tools = R"([{"type":"function","function":{"name":"f"}}])";
  const auto offered = ready().prepare(made, instant{});
  BOOST_REQUIRE(offered);
  BOOST_TEST((offered->output.calls == tool_convention::hermes));
  BOOST_TEST(offered->output.tools == std::vector<std::string>{"f"},
             boost::test_tools::per_element());
  BOOST_TEST(!offered->sampling.grammar);
  made.must_call = "*";
  const auto forced = ready().prepare(made, instant{});
  BOOST_REQUIRE(forced);
  BOOST_TEST(
      (forced->sampling.grammar.kind == device::grammar_kind::structure));
}

BOOST_AUTO_TEST_CASE(a_call_cannot_be_forced_where_none_is_looked_for) {
  auto made = chat(R"([{"role":"user","content":"hi"}])");
  made.tools = R"([{"type":"function","function":{"name":"f"}}])";
  made.must_call = "f";
  auto state = ready();
  state.calls = tool_convention::none;
  const auto reply = state.prepare(made, instant{});
  BOOST_REQUIRE(!reply);
  BOOST_TEST(context_of(reply.error())
             == "a tool cannot be forced: this graph looks for no tool calls "
                "(tool_calls: none)");
  made.must_call = "g";
  BOOST_TEST(refused(made, errc::bad_request)
             == "there is no tool 'g' to call");
}

// Only a session's text goes on later, and waits for its last word.
BOOST_AUTO_TEST_CASE(a_prompt_that_is_only_read_is_read_to_its_end) {
  auto made = wish();
  made.text = "How do I show disk us";
  made.prefill_only = true;
  made.reading.kind = device::reading_kind::embedding;
  const auto read = ready().prepare(made, instant{});
  BOOST_REQUIRE(read);
  BOOST_TEST(read->tokens == edge()->tokens.encode(made.text),
             boost::test_tools::per_element());
  BOOST_TEST((read->reading == made.reading));
  made.session = "s";
  BOOST_TEST(ready().prepare(made, instant{})->tokens.size()
             < read->tokens.size());
}

BOOST_AUTO_TEST_SUITE_END()
