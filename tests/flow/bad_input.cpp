// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a client gets for a grammar that is wrong or that nothing matches, and
// that a disk which cannot be used costs no request: over HTTP, from a whole
// graph that goes on serving.
#include "tests/flow/served_graph.hpp"

using namespace sluice::graph::tests;
namespace json = boost::json;

namespace {

json::object schema(const std::string& text) {
  return {{"response_format",
           {{"type", "json_schema"},
            {"json_schema", {{"name", "n"}, {"schema", json::parse(text)}}}}}};
}

/// The message of the 400 that a conversation with these fields gets.
std::string refusal(const served_graph& s, json::object fields) {
  fields["messages"] =
      json::array{json::object{{"role", "user"}, {"content", "Hello"}}};
  fields["max_tokens"] = 4;
  const auto got = s.post("/v1/chat/completions", fields);
  BOOST_TEST(got.status == 400u, got.body);
  return std::string{
      json::parse(got.body).at_pointer("/error/message").as_string()};
}

const std::string at_schema = "response_format.json_schema.schema";

json::object greedy() {
  return {{"prompt", "The history of"}, {"max_tokens", 16}, {"temperature", 0}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(bad_input)

BOOST_AUTO_TEST_CASE(a_malformed_schema_is_a_400_that_names_the_path) {
  const served_graph s{chat_graph("", "")};
  const auto told = [&](const std::string& text) {
    return refusal(s, schema(text));
  };
  BOOST_TEST(told(R"({"properties":{"a":{"type":"strin"}}})")
             == at_schema + ".properties.a.type: there is no type 'strin'");
  for (const auto& [text, path] :
       std::vector<std::pair<std::string, std::string>>{
           {R"({"properties":{"a":{"not":{}}}})", ".properties.a.not"},
           {R"({"items":{"minLength":-1}})", ".items.minLength"},
           {R"({"$defs":{"d":{"pattern":"("}},"$ref":"#/$defs/d"})",
            ".$defs.d.pattern"},
           {R"({"$ref":"#/$defs/none"})", ".$ref"},
           {R"({"anyOf":[{"type":"string"},{"enum":3}]})", ".anyOf[1].enum"}}) {
    const auto message = told(text);
    BOOST_TEST(message.starts_with(at_schema + path), message);
  }
  BOOST_TEST(s.choices(greedy()).starts_with('['));
}

BOOST_AUTO_TEST_CASE(a_grammar_that_nothing_matches_is_a_400) {
  const served_graph s{chat_graph("", "")};
  const std::vector<json::object> impossible{
      schema(R"({"type":"integer","minimum":3,"maximum":2})"),
      schema(R"({"allOf":[{"type":"string"},{"type":"integer"}]})"),
      schema(R"({"$ref":"#"})"),
      {{"guided_grammar", "root ::= root \"a\""}},
      {{"guided_grammar", "root ::= \"a\" root"}},
      {{"guided_regex", R"([^\s\S])"}},
  };
  for (const auto& fields : impossible) {
    const auto message = refusal(s, fields);
    BOOST_TEST(message.find("matches nothing") != std::string::npos,
               json::serialize(fields) << ": " << message);
  }
  refusal(s, {{"guided_choice", json::array{}}});
  refusal(s, {{"guided_regex", "("}});
  refusal(s, {{"guided_grammar", "root = 1"}});
  BOOST_TEST(s.choices(greedy()).starts_with('['));
}

BOOST_AUTO_TEST_CASE(a_disk_that_cannot_be_used_costs_no_request) {
  const auto expected = served_graph{chat_graph("", "")}.choices(greedy());
  const served_graph s{
      chat_graph("", ", tiers: {disk: {path: /proc/no/such/kv, size: 1MiB}}")};
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(s.choices(greedy()) == expected);
  BOOST_TEST(s.figure("sluice_kv_disk_errors_total") == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
