// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/tool_grammar.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using sluice::device::grammar_kind;

namespace {

const boost::json::array tools = boost::json::parse(R"([
      {"type":"function","function":{"name":"weather","parameters":
        {"type":"object","properties":{"city":{"type":"string"}}}}},
      {"type":"function","function":{"name":"time"}}])")
                                     .as_array();

std::string grammar(tool_convention convention, std::string_view only,
                    bool parallel) {
  const auto made = tool_grammar(tools, convention, only, parallel);
  BOOST_TEST((made.kind == grammar_kind::structure));
  BOOST_TEST(made.name == "tools");
  return made.text;
}

const std::string nothing =
    R"({"type":"object","properties":{},"additionalProperties":false})";
const std::string city =
    R"({"type":"object","properties":{"city":{"type":"string"}}})";

} // namespace

BOOST_AUTO_TEST_SUITE(tool_grammars)

BOOST_AUTO_TEST_CASE(names_are_those_of_functions) {
  BOOST_TEST(tool_names(tools) == (std::vector<std::string>{"weather", "time"}),
             boost::test_tools::per_element());
  BOOST_TEST(tool_names({5, boost::json::object{}}).empty());
}

BOOST_AUTO_TEST_CASE(a_named_tool_is_called_once) {
  BOOST_TEST(grammar(tool_convention::hermes, "time", true)
             == R"([["<tool_call>\n{\"name\": \"time\", \"arguments\": ",)"
                R"({"json_schema":)"
                    + nothing + R"(},"}\n</tool_call>"]])");
}

BOOST_AUTO_TEST_CASE(any_tool_may_be_called_several_times) {
  const auto text = grammar(tool_convention::hermes, "", true);
  BOOST_TEST(text.starts_with(R"([{"repeat":{"any_of":[["<tool_call>\n)"));
  BOOST_TEST(text.find(R"({"json_schema":)" + city + "}") != text.npos);
  BOOST_TEST(text.ends_with(R"(]},"min":1,"max":16,"separator":"\n"}])"));
  const auto one = grammar(tool_convention::hermes, "", false);
  BOOST_TEST(one.starts_with(R"([{"any_of":[[)"));
}

BOOST_AUTO_TEST_CASE(llama3_calls_one_tool_with_parameters) {
  BOOST_TEST(grammar(tool_convention::llama3, "weather", true)
             == R"([["{\"name\": \"weather\", \"parameters\": ",)"
                R"({"json_schema":)"
                    + city + R"(},"}"]])");
  BOOST_TEST(grammar(tool_convention::llama3, "", true).find("repeat")
             == std::string::npos);
}

BOOST_AUTO_TEST_CASE(mistral_puts_its_calls_into_a_list) {
  const auto text = grammar(tool_convention::mistral, "", true);
  BOOST_TEST(text.starts_with(R"(["[TOOL_CALLS][",{"repeat":{"any_of":[[)"));
  BOOST_TEST(text.ends_with(R"("separator":", "},"]"])"));
}

BOOST_AUTO_TEST_SUITE_END()
