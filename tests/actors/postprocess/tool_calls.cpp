// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/tool_call_parser.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace sluice::actors;

namespace {

struct call {
  std::string name;
  std::string arguments;
  bool operator==(const call&) const = default;
};

struct reading {
  std::string text;
  std::vector<call> calls;
  std::vector<std::string> ids;
};

std::unique_ptr<tool_call_parser> parser(tool_convention convention) {
  return make_tool_call_parser(convention, {"weather", "time"}, 7);
}

void take(reading& to, const call_output& from) {
  to.text += from.text;
  for (const auto& delta : from.calls) {
    if (!delta.id.empty()) {
      BOOST_TEST(delta.index == to.calls.size());
      to.calls.push_back({delta.name, {}});
      to.ids.push_back(delta.id);
    } else {
      BOOST_TEST(delta.name == "");
      BOOST_REQUIRE(delta.index + 1 == to.calls.size());
    }
    to.calls.back().arguments += delta.arguments;
  }
}

reading read(tool_convention convention,
             const std::vector<std::string_view>& pieces) {
  const auto p = parser(convention);
  reading out;
  for (const auto piece : pieces) {
    call_output now;
    p->push(piece, now);
    take(out, now);
  }
  call_output last;
  p->finish(last);
  take(out, last);
  BOOST_TEST(p->calls() == out.calls.size());
  return out;
}

// Reads `text` whole, cut in two at every byte, and byte by byte.
void check(tool_convention convention, std::string_view text,
           const std::string& content, const std::vector<call>& calls) {
  const auto same = [&](const reading& got, const std::string& how) {
    BOOST_TEST(got.text == content, how << ": \"" << got.text << '"');
    BOOST_TEST((got.calls == calls), how << " of " << text);
    BOOST_TEST(got.ids.size() == calls.size());
  };
  same(read(convention, {text}), "whole");
  for (std::size_t i = 1; i < text.size(); ++i)
    same(read(convention, {text.substr(0, i), text.substr(i)}),
         "cut at " + std::to_string(i));
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i)
    bytes.push_back(text.substr(i, 1));
  same(read(convention, bytes), "byte by byte");
}

constexpr auto hermes = tool_convention::hermes;
constexpr auto llama3 = tool_convention::llama3;
constexpr auto mistral = tool_convention::mistral;

std::optional<tool_convention> convention_of(const std::string& name) {
  std::ifstream file{"tests/data/templates/" + name};
  BOOST_REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return find_convention(text.str());
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_calls)

BOOST_AUTO_TEST_CASE(published_templates_tell_their_convention) {
  for (const auto* name :
       {"NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja",
        "Qwen-Qwen2.5-7B-Instruct.jinja", "Qwen-Qwen3-0.6B.jinja"})
    BOOST_TEST((convention_of(name) == hermes), name);
  BOOST_TEST(
      (convention_of("meta-llama-Llama-3.1-8B-Instruct.jinja") == llama3));
  BOOST_TEST(
      (convention_of("mistralai-Mistral-Nemo-Instruct-2407.jinja") == mistral));
  for (const auto* name :
       {"GLM-4.6.jinja", "google-gemma-2-2b-it.jinja",
        "microsoft-Phi-3.5-mini-instruct.jinja", "Kimi-K2-Instruct.jinja",
        "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja"})
    BOOST_TEST(!convention_of(name), name);
}

BOOST_AUTO_TEST_CASE(no_convention_has_no_parser) {
  BOOST_TEST(!parser(tool_convention::none));
}

BOOST_AUTO_TEST_CASE(hermes_calls_are_found_wherever_the_text_is_cut) {
  check(hermes,
        "<tool_call>\n{\"name\": \"weather\", \"arguments\": "
        "{\"city\": \"K\xc3\xb6ln\"}}\n</tool_call>",
        "", {{"weather", "{\"city\": \"K\xc3\xb6ln\"}"}});
}

BOOST_AUTO_TEST_CASE(hermes_calls_follow_text_and_each_other) {
  check(hermes,
        "Let me look.\n\n<tool_call>\n{\"name\": \"weather\", \"arguments\": "
        "{\"n\": [1, {\"}\": \"]\\\"}\"}]}}\n</tool_call>\n<tool_call>\n"
        "{\"arguments\": {}, \"name\": \"time\"}\n</tool_call>\n",
        "Let me look.",
        {{"weather", "{\"n\": [1, {\"}\": \"]\\\"}\"}]}"}, {"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(a_call_without_arguments_has_empty_ones) {
  check(hermes, "<tool_call>{\"name\": \"time\"}</tool_call>", "",
        {{"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(text_after_a_hermes_call_is_text) {
  check(hermes, "<tool_call>{\"name\":\"time\"}</tool_call>\nDone <tool_c.",
        "\nDone <tool_c.", {{"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(what_is_no_call_comes_out_as_it_was) {
  for (const auto* text :
       {"plain text", "  spaces  ", "a < b <tool <tool_call", "<tool_call>",
        "<tool_call>\nnothing\n</tool_call>", "x <tool_call>{\"name\": 3}",
        "<tool_call>{\"arguments\": {\"a\": 1}}</tool_call>",
        "<tool_call>{\"name\": \"time\", \"arguments\": 5}</tool_call>",
        "<tool_call>{\"name\": \"ti", "<tool_call>{\"name\" \"time\"}",
        "<tool_call>\xc3\xa9\n{", "<tool_call>{\"name\": \"\"}",
        "<tool_call>{\"a\": tru!}", "<tool_call>{,}", "{\"name\": \"time\"}"})
    check(hermes, text, text, {});
}

BOOST_AUTO_TEST_CASE(a_call_behind_a_broken_one_is_found) {
  check(hermes, "<tool_call>oops <tool_call>{\"name\":\"time\"}</tool_call>",
        "<tool_call>oops", {{"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(an_answer_cut_off_leaves_its_arguments_cut_off) {
  check(hermes, "<tool_call>{\"name\":\"time\",\"arguments\":{\"zone\":\"U", "",
        {{"time", "{\"zone\":\"U"}});
  check(hermes, "<tool_call>{\"name\":\"time\",\"arguments\":{}}\n</tool_c", "",
        {{"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(other_keys_of_a_call_are_skipped) {
  check(hermes,
        "<tool_call>{\"id\": \"a\\\"b\", \"type\":\"function\", \"n\": -1.5e3,"
        " \"x\": [{}], \"name\": \"ti\\u006de\", \"arguments\": {}, \"y\": "
        "null }</tool_call>",
        "", {{"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(a_llama3_call_is_the_whole_answer) {
  const std::vector<call> calls{{"weather", "{\"city\": \"Rome\"}"}};
  const std::string one =
      "{\"name\": \"weather\", \"parameters\": {\"city\": \"Rome\"}}";
  check(llama3, one, "", calls);
  check(llama3, "\n <|python_tag|>" + one + "\n", "", calls);
  check(llama3, one + "; {\"name\": \"time\", \"parameters\": {}}", "",
        {calls.front(), {"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(llama3_answers_that_are_no_calls_stay_text) {
  for (const auto* text :
       {"Sure. {\"name\": \"time\", \"parameters\": {}}",
        "{\"name\": \"other\", \"parameters\": {}}", "{\"answer\": \"time\"}",
        "<|python_tag|>print(1)", "<|python", " {",
        "{\"name\": \"time\", \"parameters\": []}"})
    check(llama3, text, text, {});
}

BOOST_AUTO_TEST_CASE(mistral_lists_its_calls) {
  check(mistral,
        "[TOOL_CALLS] [{\"name\": \"weather\", \"arguments\": {\"a\": 1}}, "
        "{\"name\": \"time\", \"arguments\": {}, \"id\": \"abcdefghi\"}]",
        "", {{"weather", "{\"a\": 1}"}, {"time", "{}"}});
  check(mistral, "Hm. [TOOL_CALLS][{\"name\":\"time\",\"arguments\":{}}]",
        "Hm.", {{"time", "{}"}});
}

BOOST_AUTO_TEST_CASE(mistral_answers_that_are_no_calls_stay_text) {
  for (const auto* text :
       {"[TOOL_CALLS]", "[TOOL_CALLS] x", "[TOOL_CALLS] [", "[TOOL_CALLS][]",
        "a [TOOL", "[TOOL_CALLS][{\"name\": \"time\", \"arguments\": \"x\"}]"})
    check(mistral, text, text, {});
}

BOOST_AUTO_TEST_CASE(ids_differ_and_have_the_form_the_template_wants) {
  const std::string two = "<tool_call>{\"name\":\"time\"}</tool_call>"
                          "<tool_call>{\"name\":\"time\"}</tool_call>";
  const auto ids = read(hermes, {two}).ids;
  BOOST_REQUIRE(ids.size() == 2u);
  BOOST_TEST(ids[0] != ids[1]);
  BOOST_TEST(ids[0].size() == 21u);
  BOOST_TEST(ids[0].starts_with("call_"));
  BOOST_TEST(read(hermes, {two}).ids[0] == ids[0]);
  const auto nine =
      read(mistral, {"[TOOL_CALLS][{\"name\":\"time\",\"arguments\":{}}]"}).ids;
  BOOST_REQUIRE(nine.size() == 1u);
  BOOST_TEST(nine[0].size() == 9u);
  BOOST_TEST(std::ranges::all_of(
      nine[0], [](unsigned char c) { return std::isalnum(c) != 0; }));
}

BOOST_AUTO_TEST_CASE(arguments_stream_as_they_come) {
  const auto p = parser(hermes);
  call_output out;
  p->push("<tool_call>{\"name\": \"weather\", \"arguments\": {\"ci", out);
  BOOST_REQUIRE(out.calls.size() == 1u);
  BOOST_TEST(out.calls[0].name == "weather");
  BOOST_TEST(out.calls[0].arguments == "{\"ci");
  call_output more;
  p->push("ty\": 1}", more);
  BOOST_REQUIRE(more.calls.size() == 1u);
  BOOST_TEST(more.calls[0].id == "");
  BOOST_TEST(more.calls[0].arguments == "ty\": 1}");
}

BOOST_AUTO_TEST_SUITE_END()
