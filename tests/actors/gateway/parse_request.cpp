// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/parse_request.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using sluice::device::prompt_reading;
using sluice::device::reading_kind;

namespace {

const request_limits limits{.choices = 4, .prompts = 3};

// A chat body with one more field.
std::string chat(const std::string& more) {
  return R"({"messages":[{"role":"user","content":"hi"}])"
         + (more.empty() ? "" : "," + more) + "}";
}

std::string completion(const std::string& more) {
  return R"({"prompt":"once")" + (more.empty() ? "" : "," + more) + "}";
}

api_request good_chat(const std::string& more) {
  const auto result = parse_chat(chat(more), limits);
  if (const auto* error = std::get_if<api_error>(&result))
    BOOST_FAIL(more + ": " + error->message);
  return std::get<api_request>(result);
}

api_request good_completion(const std::string& more) {
  const auto result = parse_completion(completion(more), limits);
  if (const auto* error = std::get_if<api_error>(&result))
    BOOST_FAIL(more + ": " + error->message);
  return std::get<api_request>(result);
}

// "param: message"
std::string error_of(const parsed<api_request>& result) {
  const auto* error = std::get_if<api_error>(&result);
  if (error == nullptr)
    return "no error";
  BOOST_TEST(error->status == 400u);
  return error->param + ": " + error->message;
}

std::string bad_chat(const std::string& more) {
  return error_of(parse_chat(chat(more), limits));
}

std::string bad_completion(const std::string& more) {
  return error_of(parse_completion(completion(more), limits));
}

std::string tool(const std::string& name) {
  return R"({"type":"function","function":{"name":")" + name + R"("}})";
}

// Of tools [f], with more fields after it.
std::string bad_tools(const std::string& more) {
  return bad_chat(R"("tools":[)" + tool("f") + "]," + more);
}

std::string bad_message(const std::string& message) {
  return error_of(parse_chat(R"({"messages":[)" + message + "]}", limits));
}

std::string bad_prompt(const std::string& prompt) {
  return error_of(parse_completion(R"({"prompt":)" + prompt + "}", limits));
}

} // namespace

BOOST_AUTO_TEST_SUITE(parse_request)

BOOST_AUTO_TEST_CASE(defaults_are_openais) {
  const auto c = good_chat("");
  BOOST_TEST(c.sampling.temperature == 1.0f);
  BOOST_TEST(c.sampling.top_p == 1.0f);
  BOOST_TEST(c.choices == 1u);
  BOOST_TEST(c.max_tokens == 0u);
  BOOST_TEST(!c.stream);
  BOOST_TEST(!c.sampling.seeded);
  BOOST_TEST(c.messages == R"([{"role":"user","content":"hi"}])");
  BOOST_TEST(c.tools == "");
  BOOST_TEST(c.template_options == "");
  BOOST_TEST(good_completion("").max_tokens == 16u);
  BOOST_TEST(good_completion(R"("cache_salt":"s")").cache_salt == "s");
  BOOST_TEST(good_completion(R"("priority":-2)").priority == -2);
}

BOOST_AUTO_TEST_CASE(every_field_arrives_where_it_belongs) {
  const auto c = good_chat(
      R"("model":"edge","user":"ann","stream":true,)"
      R"("stream_options":{"include_usage":true},"n":3,"stop":["a","b"],)"
      R"("seed":-5,"logprobs":true,"top_logprobs":2,"max_tokens":7,)"
      R"("max_completion_tokens":9,"logit_bias":{"5":-100,"7":1.5},)"
      R"("temperature":0,"top_p":0.5,"top_k":40,"min_p":0.1,)"
      R"("repetition_penalty":1.1,"presence_penalty":-2,)"
      R"("frequency_penalty":2,"ignore_eos":true,"timeout":1.5,)"
      R"("skip_special_tokens":false)");
  BOOST_TEST(c.model == "edge");
  BOOST_TEST(c.tenant == "ann");
  BOOST_TEST((c.stream && c.include_usage && c.logprobs && c.specials));
  BOOST_TEST(c.choices == 3u);
  BOOST_TEST(c.stop == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
  BOOST_TEST((c.sampling.seeded && c.sampling.seed == std::uint64_t(-5)));
  BOOST_TEST((c.sampling.logprobs && c.sampling.top_logprobs == 2));
  BOOST_TEST(c.max_tokens == 9u);
  BOOST_TEST((
      c.sampling.logit_bias
      == std::vector<std::pair<std::int32_t, float>>{{5, -100.0f}, {7, 1.5f}}));
  BOOST_TEST(c.sampling.temperature == 0.0f);
  BOOST_TEST(c.sampling.top_p == 0.5f);
  BOOST_TEST(c.sampling.top_k == 40u);
  BOOST_TEST(c.sampling.min_p == 0.1f);
  BOOST_TEST(c.sampling.repetition_penalty == 1.1f);
  BOOST_TEST(c.sampling.presence_penalty == -2.0f);
  BOOST_TEST(c.sampling.frequency_penalty == 2.0f);
  BOOST_TEST(c.sampling.ignore_eos);
  BOOST_TEST((c.timeout == std::chrono::milliseconds{1500}));
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_ignored_and_null_is_absent) {
  const auto c = good_chat(R"("metadata":{"x":[1]},"temperature":null,)"
                           R"("stop":null,"n":null,"tools":null,"seed":null)");
  BOOST_TEST(c.sampling.temperature == 1.0f);
  BOOST_TEST(!c.sampling.seeded);
}

BOOST_AUTO_TEST_CASE(the_last_of_duplicate_keys_counts) {
  BOOST_TEST(good_chat(R"("n":1,"n":2)").choices == 2u);
}

BOOST_AUTO_TEST_CASE(wrong_types_name_their_field) {
  BOOST_TEST(bad_chat(R"("temperature":"hot")")
             == "temperature: 'temperature' must be a number, not the string "
                "\"hot\"");
  BOOST_TEST(bad_chat(R"("stream":1)")
             == "stream: 'stream' must be true or false, not 1");
  BOOST_TEST(bad_chat(R"("n":true)")
             == "n: 'n' must be an integer, not a boolean");
  BOOST_TEST(bad_chat(R"("n":1.5)") == "n: 'n' must be an integer, not 1.5E0");
  BOOST_TEST(bad_chat(R"("model":[])")
             == "model: 'model' must be a string, not an array");
  BOOST_TEST(bad_chat(R"("stop":5)")
             == "stop: 'stop' must be a string or an array of strings, not 5");
  BOOST_TEST(bad_chat(R"("stop":["a",5])")
             == "stop[1]: 'stop[1]' must be a string, not 5");
  BOOST_TEST(bad_chat(R"("logit_bias":[])")
             == "logit_bias: 'logit_bias' must be an object, not an array");
  BOOST_TEST(bad_chat(R"("tools":{})")
             == "tools: 'tools' must be an array, not an object");
  BOOST_TEST(bad_chat(R"("chat_template_kwargs":1)")
             == "chat_template_kwargs: 'chat_template_kwargs' must be an "
                "object, not 1");
  BOOST_TEST(bad_chat(R"("stream":true,"stream_options":true)")
             == "stream_options: 'stream_options' must be an object, not a "
                "boolean");
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused) {
  BOOST_TEST(bad_chat(R"("temperature":2.5)")
             == "temperature: 'temperature' must be between 0 and 2, not "
                "2.5E0");
  BOOST_TEST(bad_chat(R"("temperature":1e999)").starts_with("temperature: "));
  BOOST_TEST(bad_chat(R"("temperature":-0.1)").starts_with("temperature: "));
  BOOST_TEST(bad_chat(R"("top_p":1.1)").starts_with("top_p: "));
  BOOST_TEST(bad_chat(R"("min_p":2)").starts_with("min_p: "));
  BOOST_TEST(bad_chat(R"("top_k":-2)").starts_with("top_k: "));
  BOOST_TEST(bad_chat(R"("repetition_penalty":0)")
             == "repetition_penalty: 'repetition_penalty' must be greater "
                "than 0");
  BOOST_TEST(
      bad_chat(R"("presence_penalty":3)").starts_with("presence_penalty: "));
  BOOST_TEST(bad_chat(R"("n":0)")
             == "n: 'n' must be an integer between 1 and 4, not 0");
  BOOST_TEST(bad_chat(R"("n":5)").starts_with("n: "));
  BOOST_TEST(bad_chat(R"("n":18446744073709551615)").starts_with("n: "));
  BOOST_TEST(bad_chat(R"("priority":"high")").starts_with("priority: "));
  BOOST_TEST(bad_chat(R"("cache_salt":7)").starts_with("cache_salt: "));
  BOOST_TEST(bad_chat(R"("max_tokens":0)").starts_with("max_tokens: "));
  BOOST_TEST(bad_chat(R"("max_completion_tokens":4,"min_tokens":5)")
             == "min_tokens: 'min_tokens' must not be greater than the most "
                "tokens allowed, 4, not 5");
  BOOST_TEST(bad_completion(R"("min_tokens":17)")
             == "min_tokens: 'min_tokens' must not be greater than the most "
                "tokens allowed, 16, not 17");
  BOOST_TEST(
      bad_chat(R"("max_tokens":1000000000000)").starts_with("max_tokens: "));
  BOOST_TEST(bad_chat(R"("seed":1e30)").starts_with("seed: "));
  BOOST_TEST(bad_chat(R"("timeout":0)").starts_with("timeout: "));
  BOOST_TEST(bad_chat(R"("logprobs":true,"top_logprobs":21)")
                 .starts_with("top_logprobs: "));
}

BOOST_AUTO_TEST_CASE(whole_doubles_are_integers_and_zero_top_p_is_the_best) {
  BOOST_TEST(good_chat(R"("n":2.0)").choices == 2u);
  BOOST_TEST(good_chat(R"("top_p":0)").sampling.top_p > 0.0f);
  BOOST_TEST(good_chat(R"("top_k":-1)").sampling.top_k == 0u);
  BOOST_TEST(good_chat(R"("seed":18446744073709551615)").sampling.seed
             == 18446744073709551615u);
}

BOOST_AUTO_TEST_CASE(stop_is_bounded_and_never_empty) {
  BOOST_TEST(bad_chat(R"("stop":"")") == "stop: 'stop' must not be empty");
  BOOST_TEST(bad_chat(R"("stop":["a",""])")
             == "stop[1]: 'stop[1]' must not be empty");
  std::string many = "\"a\"";
  for (int i = 0; i < 16; ++i)
    many += ",\"a\"";
  BOOST_TEST(bad_chat("\"stop\":[" + many + "]")
             == "stop: 'stop' must hold at most 16 strings, not 17");
  BOOST_TEST(bad_chat("\"stop\":\"" + std::string(1025, 'a') + "\"")
             == "stop: 'stop' must not be longer than 1024 bytes");
}

BOOST_AUTO_TEST_CASE(logit_bias_maps_ids_to_small_numbers) {
  BOOST_TEST(bad_chat(R"("logit_bias":{"x":1})")
             == "logit_bias: 'logit_bias' must map token ids to numbers; 'x' "
                "is not an id");
  BOOST_TEST(bad_chat(R"("logit_bias":{"-1":1})").starts_with("logit_bias: "));
  BOOST_TEST(bad_chat(R"("logit_bias":{"99999999999":1})")
                 .starts_with("logit_bias: "));
  BOOST_TEST(bad_chat(R"("logit_bias":{"3":101})")
             == "logit_bias.3: 'logit_bias.3' must be between -100 and 100, "
                "not 101");
}

BOOST_AUTO_TEST_CASE(options_that_need_another_say_so) {
  BOOST_TEST(bad_chat(R"("stream_options":{})")
             == "stream_options: 'stream_options' is only allowed with "
                "'stream': true");
  BOOST_TEST(bad_chat(R"("top_logprobs":1)")
             == "top_logprobs: 'top_logprobs' is only allowed with "
                "'logprobs': true");
  BOOST_TEST(bad_chat(R"("best_of":3)")
             == "best_of: 'best_of' must be 1 or equal to 'n'; choosing among "
                "more answers is not supported");
  good_chat(R"("response_format":{"type":"text"},"n":2,"best_of":2)");
}

BOOST_AUTO_TEST_CASE(structured_output_has_many_names) {
  using sluice::device::grammar_kind;
  const auto grammar = [](const char* more) {
    return good_chat(more).sampling.grammar;
  };
  using source = sluice::device::grammar_source;
  BOOST_TEST((grammar(R"("response_format":{"type":"json_object"})")
              == source{grammar_kind::json_object, "", "response_format"}));
  BOOST_TEST(
      (grammar(R"("response_format":{"type":"json_schema","json_schema":)"
               R"({"name":"n","strict":true,"schema":{"type":"null"}}})")
       == source{grammar_kind::json_schema, R"({"type":"null"})",
                 "response_format.json_schema.schema"}));
  BOOST_TEST((grammar(R"("guided_json":"{}")")
              == source{grammar_kind::json_schema, "{}", "guided_json"}));
  BOOST_TEST((grammar(R"("guided_regex":"a+")")
              == source{grammar_kind::regex, "a+", "guided_regex"}));
  BOOST_TEST(
      (grammar(R"("guided_choice":["a","b"])")
       == source{grammar_kind::choice, R"(["a","b"])", "guided_choice"}));
  BOOST_TEST((grammar(R"("structured_outputs":{"grammar":"root ::= \"a\""})")
              == source{grammar_kind::gbnf, "root ::= \"a\"",
                        "structured_outputs.grammar"}));
  BOOST_TEST(
      (grammar(R"("json_schema":{"const":1})")
       == source{grammar_kind::json_schema, R"({"const":1})", "json_schema"}));
  BOOST_TEST(!grammar(R"("grammar":"")"));
  BOOST_TEST(!grammar(R"("response_format":{"type":"text"})"));
}

BOOST_AUTO_TEST_CASE(wrong_structured_output_names_the_field) {
  BOOST_TEST(bad_chat(R"("response_format":{"type":"xml"})")
             == "response_format.type: 'response_format.type' must be 'text', "
                "'json_object' or 'json_schema'");
  BOOST_TEST(bad_chat(R"("response_format":{"type":"json_schema"})")
             == "response_format.json_schema: 'response_format.json_schema' "
                "is required");
  BOOST_TEST(bad_chat(R"("guided_choice":["a",1])")
             == "guided_choice[1]: 'guided_choice[1]' must be a string, not "
                "empty, not 1");
  BOOST_TEST(bad_chat(R"("guided_json":3)")
             == "guided_json: 'guided_json' must be an object, or a string "
                "with one, not 3");
  BOOST_TEST(bad_chat(R"("guided_regex":"a","grammar":"b")")
             == "grammar: 'grammar' is not allowed together with "
                "'guided_regex'");
}

BOOST_AUTO_TEST_CASE(messages_are_checked_one_by_one) {
  BOOST_TEST(error_of(parse_chat("{}", limits))
             == "messages: 'messages' is required");
  BOOST_TEST(error_of(parse_chat(R"({"messages":[]})", limits))
             == "messages: 'messages' must not be empty");
  BOOST_TEST(error_of(parse_chat(R"({"messages":"hi"})", limits))
             == "messages: 'messages' must be an array, not the string \"hi\"");
  BOOST_TEST(bad_message("5")
             == "messages[0]: 'messages[0]' must be an object, not 5");
  BOOST_TEST(bad_message(R"({"content":"x"})")
             == "messages[0].role: 'messages[0].role' must be a string");
  BOOST_TEST(bad_message(R"({"role":"king","content":"x"})")
             == "messages[0].role: 'messages[0].role' must be one of system, "
                "developer, user, assistant, tool, function, not the string "
                "\"king\"");
  BOOST_TEST(bad_message(R"({"role":"user"})")
             == "messages[0].content: 'messages[0].content' must be a string "
                "or an array of text parts");
  BOOST_TEST(bad_message(R"({"role":"user","content":{}})")
             == "messages[0].content: 'messages[0].content' must be a string "
                "or an array of text parts, not an object");
  BOOST_TEST(
      bad_message(R"({"role":"user","content":[{"type":"image_url"}]})")
      == "messages[0].content[0].type: 'messages[0].content[0].type' must be "
         "'text'; other parts are not supported");
  BOOST_TEST(bad_message(R"({"role":"user","content":[{"type":"text"}]})")
             == "messages[0].content[0].text: 'messages[0].content[0].text' "
                "must be a string");
  BOOST_TEST(bad_message(R"({"role":"user","content":["x"]})")
             == "messages[0].content[0]: 'messages[0].content[0]' must be an "
                "object, not the string \"x\"");
  BOOST_TEST(bad_message(R"({"role":"assistant","tool_calls":[{}]})")
             == "messages[0].tool_calls[0].function: "
                "'messages[0].tool_calls[0].function' must be an object");
}

BOOST_AUTO_TEST_CASE(text_parts_are_joined_by_line_breaks) {
  const auto result = parse_chat(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"text","text":"b"}]}]})",
      limits);
  BOOST_TEST(std::get<api_request>(result).messages
             == R"([{"role":"user","content":"a\nb"}])");
}

BOOST_AUTO_TEST_CASE(tool_call_arguments_become_objects) {
  const auto result = parse_chat(
      R"({"messages":[{"role":"assistant","content":null,"tool_calls":[)"
      R"({"id":"1","function":{"name":"f","arguments":"{\"x\":1}"}},)"
      R"({"id":"2","function":{"name":"g","arguments":"not json"}}]},)"
      R"({"role":"tool","tool_call_id":"1","content":"ok"}]})",
      limits);
  BOOST_TEST(
      std::get<api_request>(result).messages
      == R"([{"role":"assistant","content":null,"tool_calls":[{"id":"1",)"
         R"("function":{"name":"f","arguments":{"x":1}}},{"id":"2",)"
         R"("function":{"name":"g","arguments":"not json"}}]},)"
         R"({"role":"tool","tool_call_id":"1","content":"ok"}])");
}

BOOST_AUTO_TEST_CASE(tools_and_template_options_travel_as_json) {
  const auto c =
      good_chat(R"("tools":[)" + tool("f")
                + R"(],"tool_choice":"auto",)"
                  R"("chat_template_kwargs":{"enable_thinking":false},)"
                  R"("add_generation_prompt":false)");
  BOOST_TEST(c.tools == "[" + tool("f") + "]");
  BOOST_TEST(c.template_options
             == R"({"enable_thinking":false,"add_generation_prompt":false,)"
                R"("tool_choice":"auto"})");
  BOOST_TEST(
      good_chat(R"("tools":[)" + tool("f") + R"(],"tool_choice":"none")").tools
      == "");
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_json_object_say_why) {
  const auto message = [](const std::string& body) {
    return error_of(parse_chat(body, limits));
  };
  BOOST_TEST(message("").starts_with(": the body is not JSON: "));
  BOOST_TEST(message("{\"a\":NaN}").starts_with(": the body is not JSON: "));
  BOOST_TEST(message("{} x").starts_with(": the body is not JSON: "));
  BOOST_TEST(message("[]") == ": the body must be a JSON object, not an array");
  BOOST_TEST(message("{\"a\":\"\xff\"}")
             == ": the body is not valid UTF-8 (byte 6)");
  BOOST_TEST(message("{\"a\":" + std::string(5000, '['))
             == ": the body nests deeper than 32 levels");
  BOOST_TEST(
      message(R"({"a":"\ud800"})").starts_with(": the body is not JSON: "));
}

BOOST_AUTO_TEST_CASE(prompts_come_in_four_forms) {
  const auto count = [](const std::string& prompt) {
    const auto result =
        parse_completion(R"({"prompt":)" + prompt + "}", limits);
    return std::get<api_request>(result).prompts;
  };
  BOOST_TEST(count(R"("a")").front().text == "a");
  BOOST_TEST(count(R"(["a","b"])").back().text == "b");
  BOOST_TEST(count("[1,2]").front().tokens.size() == 2u);
  BOOST_TEST(count("[[1,2],[3]]").back().tokens.front() == 3);
}

BOOST_AUTO_TEST_CASE(other_prompts_are_refused) {
  BOOST_TEST(error_of(parse_completion("{}", limits))
             == "prompt: 'prompt' is required");
  BOOST_TEST(bad_prompt("5").starts_with("prompt: 'prompt' must be a string, "
                                         "an array of strings"));
  BOOST_TEST(bad_prompt("[]") == "prompt: 'prompt' must not be empty");
  BOOST_TEST(bad_prompt("[[]]") == "prompt[0]: 'prompt[0]' must not be empty");
  BOOST_TEST(bad_prompt(R"([1,"a"])")
             == "prompt[1]: 'prompt[1]' must be an integer, not the string "
                "\"a\"");
  BOOST_TEST(bad_prompt("[-1]").starts_with("prompt[0]: "));
  BOOST_TEST(bad_prompt(R"(["a","b","c","d"])")
             == "prompt: 'prompt' must hold at most 3 prompts, not 4");
}

BOOST_AUTO_TEST_CASE(completions_have_their_own_logprobs_and_limits) {
  const auto c = good_completion(R"("logprobs":0)");
  BOOST_TEST((c.logprobs && c.sampling.top_logprobs == 0));
  BOOST_TEST(bad_completion(R"("logprobs":true)")
             == "logprobs: 'logprobs' must be an integer, not a boolean");
  BOOST_TEST(bad_completion(R"("suffix":"x")")
             == "suffix: 'suffix' is not supported");
  BOOST_TEST(good_completion(R"("echo":true)").echo);
  BOOST_TEST(
      (good_completion(R"("echo":true)").reading.kind == reading_kind::none));
}

BOOST_AUTO_TEST_CASE(an_echo_with_logprobs_scores_the_prompt) {
  const auto c = good_completion(R"("echo":true,"logprobs":3)");
  BOOST_TEST((c.reading == prompt_reading{reading_kind::scores, 3}));
  BOOST_TEST(!c.prompt_logprobs.has_value());
  BOOST_TEST(!c.prefill_only);
  const auto alone =
      good_completion(R"("echo":true,"logprobs":1,"max_tokens":0)");
  BOOST_TEST(alone.prefill_only);
  // Both: the larger wish is computed.
  const auto both =
      good_completion(R"("echo":true,"logprobs":1,"prompt_logprobs":5)");
  BOOST_TEST(both.reading.top == 5u);
  BOOST_TEST(both.sampling.top_logprobs == 1u);
}

BOOST_AUTO_TEST_CASE(only_an_echo_may_ask_for_no_token) {
  BOOST_TEST(bad_completion(R"("max_tokens":0)").starts_with("max_tokens: "));
  BOOST_TEST(bad_completion(R"("max_tokens":0,"logprobs":1)")
                 .starts_with("max_tokens: "));
  BOOST_TEST(
      bad_chat(R"("max_tokens":0,"echo":true)").starts_with("max_tokens: "));
  BOOST_TEST(bad_completion(R"("max_tokens":-1,"echo":true)")
                 .starts_with("max_tokens: "));
}

BOOST_AUTO_TEST_CASE(prompt_logprobs_are_a_count) {
  BOOST_TEST(good_chat(R"("prompt_logprobs":0)").prompt_logprobs.value() == 0u);
  const auto c = good_completion(R"("prompt_logprobs":7)");
  BOOST_TEST(c.prompt_logprobs.value() == 7u);
  BOOST_TEST((c.reading == prompt_reading{reading_kind::scores, 7}));
  BOOST_TEST(!c.logprobs);
  for (const auto* wrong : {"true", "-1", "21", "1.5", R"("1")"})
    BOOST_TEST(bad_chat(std::string{R"("prompt_logprobs":)"} + wrong)
                   .starts_with("prompt_logprobs: 'prompt_logprobs' must be"),
               wrong);
  BOOST_TEST(bad_chat(R"("prompt_logprobs":1,"stream":true)")
             == "prompt_logprobs: 'prompt_logprobs' is not allowed with "
                "'stream': true");
}

BOOST_AUTO_TEST_CASE(embeddings_take_what_completions_take) {
  const auto parse = [](const std::string& body) {
    return std::get<api_request>(parse_embeddings(body, limits));
  };
  const auto one = parse(R"({"input":"a","model":"m","user":"u"})");
  BOOST_TEST((one.kind == endpoint::embeddings));
  BOOST_TEST((one.reading.kind == reading_kind::embedding));
  BOOST_TEST(one.prefill_only);
  BOOST_TEST(one.model == "m");
  BOOST_TEST(one.tenant == "u");
  BOOST_TEST((!one.embedding.base64 && one.embedding.dimensions == 0));
  BOOST_TEST(parse(R"({"input":["a","b"]})").prompts.size() == 2u);
  BOOST_TEST(parse(R"({"input":[1,2]})").prompts.front().tokens.size() == 2u);
  BOOST_TEST(parse(R"({"input":[[1],[2]]})").prompts.size() == 2u);
  const auto form =
      parse(R"({"input":"a","encoding_format":"base64","dimensions":8})");
  BOOST_TEST((form.embedding.base64 && form.embedding.dimensions == 8));
}

BOOST_AUTO_TEST_CASE(wrong_embedding_requests_are_refused) {
  const auto bad = [](const std::string& body) {
    request_limits few;
    few.inputs = 3;
    return error_of(parse_embeddings(body, few));
  };
  BOOST_TEST(bad("{}") == "input: 'input' is required");
  BOOST_TEST(bad(R"({"input":5})").starts_with("input: 'input' must be a"));
  BOOST_TEST(bad(R"({"input":""})")
             == "input: 'input' must not hold an empty text");
  BOOST_TEST(bad(R"({"input":["a",""]})")
             == "input: 'input' must not hold an empty text");
  BOOST_TEST(bad(R"({"input":[]})") == "input: 'input' must not be empty");
  BOOST_TEST(bad(R"({"input":["a","b","c","d"]})")
             == "input: 'input' must hold at most 3 inputs, not 4");
  BOOST_TEST(bad(R"({"input":["a",5]})").starts_with("input[1]: "));
  BOOST_TEST(bad(R"({"input":[1,-1]})").starts_with("input[1]: "));
  BOOST_TEST(bad(R"({"input":"a","encoding_format":"int8"})")
                 .starts_with("encoding_format: 'encoding_format' must be "
                              "'float' or 'base64'"));
  BOOST_TEST(bad(R"({"input":"a","encoding_format":1})")
                 .starts_with("encoding_format: "));
  BOOST_TEST(
      bad(R"({"input":"a","dimensions":0})").starts_with("dimensions: "));
  BOOST_TEST(
      bad(R"({"input":"a","dimensions":"8"})").starts_with("dimensions: "));
  BOOST_TEST(bad("[]").starts_with(":"));
}

BOOST_AUTO_TEST_CASE(ids_beyond_the_vocabulary_are_refused) {
  auto c = good_completion("");
  BOOST_TEST(!check_ids(c, 10).has_value());
  c.prompts = {{"", {9, 10}}};
  BOOST_TEST(check_ids(c, 10)->message
             == "'prompt' names token 10, but the vocabulary has 10 tokens");
  c.prompts.clear();
  c.sampling.logit_bias = {{12, 1.0f}};
  BOOST_TEST(check_ids(c, 10)->param == "logit_bias");
}

BOOST_AUTO_TEST_CASE(tokenize_takes_text_or_messages) {
  const auto text =
      std::get<tokenize_request>(parse_tokenize(R"({"prompt":"a"})"));
  BOOST_TEST((text.text == "a" && text.add_special && !text.is_chat));
  const auto talk = std::get<tokenize_request>(
      parse_tokenize(R"({"messages":[{"role":"user","content":"a"}]})"));
  BOOST_TEST((talk.is_chat && !talk.add_special));
  BOOST_TEST(std::get<api_error>(parse_tokenize("{}")).message
             == "'prompt' is required");
  BOOST_TEST(std::get<api_error>(parse_detokenize("{}")).message
             == "'tokens' is required");
  BOOST_TEST(std::get<api_error>(parse_detokenize(R"({"tokens":["a"]})")).param
             == "tokens[0]");
}

BOOST_AUTO_TEST_CASE(lists_of_token_ids_are_read) {
  const auto got = good_chat(
      R"("min_tokens":3,"stop_token_ids":[7,8],"allowed_token_ids":[1,2])");
  BOOST_TEST(got.sampling.min_tokens == 3u);
  BOOST_TEST(got.sampling.stop_token_ids == (std::vector<std::int32_t>{7, 8}),
             boost::test_tools::per_element());
  BOOST_TEST(got.sampling.allowed_token_ids
                 == (std::vector<std::int32_t>{1, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(check_ids(got, 8)->message
             == "'stop_token_ids' names token 8, but the vocabulary has 8 "
                "tokens");
  BOOST_TEST(!check_ids(got, 9));
}

BOOST_AUTO_TEST_CASE(wrong_lists_of_token_ids_are_refused) {
  BOOST_TEST(bad_chat(R"("stop_token_ids":7)")
             == "stop_token_ids: 'stop_token_ids' must be an array, not 7");
  BOOST_TEST(bad_chat(R"("stop_token_ids":[1,"x"])")
             == "stop_token_ids[1]: 'stop_token_ids[1]' must be an integer, "
                "not the string \"x\"");
  BOOST_TEST(bad_chat(R"("allowed_token_ids":[])")
             == "allowed_token_ids: 'allowed_token_ids' must not be empty");
  BOOST_TEST(bad_chat(R"("min_tokens":-1)").starts_with("min_tokens: "));
}

BOOST_AUTO_TEST_CASE(a_tool_choice_says_what_must_be_called) {
  const auto must = [](const std::string& choice) {
    return good_chat(R"("tools":[)" + tool("f") + "," + tool("g")
                     + R"(],"tool_choice":)" + choice)
        .must_call;
  };
  BOOST_TEST(must(R"("auto")") == "");
  BOOST_TEST(must(R"("none")") == "");
  BOOST_TEST(must(R"("required")") == "*");
  BOOST_TEST(must(R"({"type":"function","function":{"name":"g"}})") == "g");
  BOOST_TEST(good_chat("").parallel_calls);
  BOOST_TEST(!good_chat(R"("parallel_tool_calls":false)").parallel_calls);
}

BOOST_AUTO_TEST_CASE(wrong_tools_are_named_by_their_path) {
  const auto bad = [](const std::string& tools) {
    return bad_chat(R"("tools":[)" + tools + "]");
  };
  BOOST_TEST(bad("5") == "tools[0]: 'tools[0]' must be an object, not 5");
  BOOST_TEST(bad(R"({"function":{"name":"f"}})")
             == "tools[0].type: 'tools[0].type' must be 'function'; other "
                "tools are not supported");
  BOOST_TEST(bad(R"({"type":"function"})")
             == "tools[0].function: 'tools[0].function' must be an object");
  BOOST_TEST(bad(tool("f") + R"(,{"type":"function","function":{}})")
             == "tools[1].function.name: 'tools[1].function.name' must be a "
                "string");
  BOOST_TEST(bad(tool("a b"))
             == "tools[0].function.name: 'tools[0].function.name' must be 1 to "
                "64 letters, digits, '_' and '-'");
  BOOST_TEST(bad(tool("f") + "," + tool("f"))
             == "tools[1].function.name: 'tools[1].function.name' is the name "
                "of an earlier tool, too");
  BOOST_TEST(
      bad(R"({"type":"function","function":{"name":"f","parameters":[]}})")
      == "tools[0].function.parameters: 'tools[0].function.parameters' must be "
         "an object, not an array");
}

BOOST_AUTO_TEST_CASE(wrong_tool_choices_are_refused) {
  BOOST_TEST(bad_tools(R"("tool_choice":"always")")
             == "tool_choice: 'tool_choice' must be 'none', 'auto', 'required' "
                "or an object that names a function, not the string "
                "\"always\"");
  BOOST_TEST(bad_tools(R"("tool_choice":{"type":"function"})")
             == "tool_choice.function: 'tool_choice.function' must be an "
                "object");
  BOOST_TEST(
      bad_tools(R"("tool_choice":{"type":"function","function":{"name":"x"}})")
      == "tool_choice.function.name: 'tool_choice.function.name' must be "
         "the name of one of 'tools', not the string \"x\"");
  BOOST_TEST(bad_chat(R"("tool_choice":"required")")
             == "tool_choice: 'tool_choice' needs 'tools'");
  BOOST_TEST(bad_tools(R"("parallel_tool_calls":"no")")
                 .starts_with("parallel_tool_calls: "));
}

BOOST_AUTO_TEST_SUITE_END()
