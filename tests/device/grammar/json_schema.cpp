// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "grammar_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace grammar_fixture;

namespace {

struct schema_case {
  const char* schema;
  std::vector<std::string> valid;
  std::vector<std::string> others;
};

void check(const std::vector<schema_case>& cases) {
  for (const auto& one : cases) {
    const auto grammar = compile(grammar_kind::json_schema, one.schema);
    for (const auto& text : one.valid)
      BOOST_TEST(accepts(grammar, text), one.schema << " with " << text);
    for (const auto& text : one.others)
      BOOST_TEST(!accepts(grammar, text), one.schema << " with " << text);
  }
}

std::string error(const std::string& schema) {
  return error_of(grammar_kind::json_schema, schema);
}

} // namespace

BOOST_AUTO_TEST_SUITE(grammar_json_schema)

BOOST_AUTO_TEST_CASE(json_object_is_any_object) {
  const auto grammar = compile(grammar_kind::json_object, "");
  for (const char* text :
       {"{}", R"({"a": [1, -2.5e3, {"b":null}], "c":"\u00e9\n"})", "{\n}"})
    BOOST_TEST(accepts(grammar, text), text);
  for (const char* text :
       {"[]", "{", R"({a:1})", R"({"a":01})", R"({"a":1,})", R"({"a":"\x"})",
        "{\"a\":\"\n\"}", " {}", "{}x", "{\"a\":\"\xC3\"}"})
    BOOST_TEST(!accepts(grammar, text), text);
}

BOOST_AUTO_TEST_CASE(types_and_lists_of_types) {
  check({{R"({"type":"null"})", {"null"}, {"nul", "0"}},
         {R"({"type":"boolean"})", {"true", "false"}, {"1"}},
         {R"({"type":"integer"})", {"0", "-7", "123"}, {"1.5", "01", "-", ""}},
         {R"({"type":"number"})", {"1.5", "-0.25e-3", "7"}, {".5", "1."}},
         {R"({"type":"string"})",
          {R"("")", R"("é\"\ud83d\ude00")"},
          {"\"", "x", R"("\ud83d")"}},
         {R"({"type":["integer","null"]})", {"1", "null"}, {"\"a\""}},
         {"true", {"1", "[]", "{}", "null"}, {""}}});
}

BOOST_AUTO_TEST_CASE(white_space_is_bounded) {
  const auto grammar = compile(grammar_kind::json_schema,
                               R"({"type":"array","items":{"type":"null"}})");
  BOOST_TEST(accepts(grammar, "[\n    null, null,\n\tnull\n]"));
  BOOST_TEST(!accepts(grammar, "[\n\nnull]"));
  BOOST_TEST(!accepts(grammar, "[   null]"));
  BOOST_TEST(!accepts(grammar, "[\n" + std::string(17, ' ') + "null]"));
}

BOOST_AUTO_TEST_CASE(members_come_as_declared) {
  check(
      {{R"({"properties":{"a":{"type":"null"},"b":{"type":"null"},
             "c":{"type":"null"}},"required":["b"]})",
        {R"({"b":null})", R"({"a":null,"b":null})", R"({"b":null, "c":null})",
         R"({"a":null,"b":null,"c":null})"},
        {"{}", R"({"a":null})", R"({"b":null,"a":null})", R"({,"b":null})",
         R"({"b":null,})", R"({"b":null,"d":null})", R"({"b":null,"b":null})"}},
       {R"({"properties":{}})", {"{}"}, {R"({"a":1})"}},
       {R"({"properties":{"a":{"const":1}},"additionalProperties":
             {"type":"boolean"}})",
        {"{}", R"({"a":1,"x":true,"ab":false})", R"({"x":true})"},
        {R"({"a":true})", R"({"x":1})", R"({"x":true,"a":1})",
         R"({"\u0061":true})"}},
       {R"({"additionalProperties":{"type":"null"}})",
        {"{}", R"({"x":null,"":null})"},
        {R"({"x":1})"}},
       {R"({"required":["x"],"additionalProperties":{"type":"null"}})",
        {R"({"x":null})", R"({"x":null,"y":null})"},
        {"{}"}}});
}

BOOST_AUTO_TEST_CASE(values_of_enum_and_const) {
  check(
      {{R"({"enum":["a","b",1,null,{"k":[1.5]}]})",
        {R"("a")", "1", "null", R"({"k":[1.5]})", R"({ "k": [ 1.5 ] })"},
        {R"("c")", "1.0", R"({"k":[1]})"}},
       {R"({"const":"é\n\""})", {R"("é\n\"")"}, {R"("é")"}},
       {R"({"type":"string","enum":["a",1],"maxLength":1})", {R"("a")"}, {"1"}},
       {R"({"enum":[1,2,3],"minimum":2})", {"2", "3"}, {"1"}}});
}

BOOST_AUTO_TEST_CASE(elements_have_places_and_bounds) {
  check({{R"({"items":{"type":"null"},"minItems":1,"maxItems":2})",
          {"[null]", "[null, null]"},
          {"[]", "[null,null,null]", "[1]"}},
         {R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"}},
         {R"({"prefixItems":[{"const":1},{"const":2}],"items":false})",
          {"[]", "[1]", "[1,2]"},
          {"[2]", "[1,2,3]"}},
         {R"({"prefixItems":[{"const":1}],"items":{"const":2},"minItems":2})",
          {"[1,2]", "[1,2,2]"},
          {"[1]", "[1,1]"}},
         {R"({"items":[{"const":1}],"additionalItems":{"const":2}})",
          {"[1,2]"},
          {"[2]"}},
         {R"({"prefixItems":[{"const":1},{"const":2}],"maxItems":1})",
          {"[]", "[1]"},
          {"[1,2]"}}});
}

BOOST_AUTO_TEST_CASE(strings_have_lengths_patterns_and_formats) {
  check({{R"({"minLength":2,"maxLength":3})",
          {R"("ab")", R"("é語😀")", R"("\n\u0041")"},
          {R"("a")", R"("abcd")"}},
         {R"({"pattern":"^a+$"})", {R"("aa")"}, {R"("")", R"("ab")"}},
         {R"({"pattern":"b"})", {R"("abc")", R"("\nb\"")"}, {R"("a")"}},
         {R"({"pattern":"^[^a]$"})",
          {R"("\\")", R"("\"")", R"("\u0000")", R"("\t")", R"("é")"},
          {R"("a")", "\"\t\"", R"("\u0061")"}},
         {R"({"pattern":"a","maxLength":2})", {R"("ab")"}, {R"("abc")"}},
         {R"({"format":"date"})",
          {R"("2024-02-29")", R"("1999-12-31")"},
          {R"("2023-02-29")", R"("2024-13-01")", R"("2024-04-31")"}},
         {R"({"format":"time"})",
          {R"("23:59:59Z")", R"("00:00:00.5+01:30")"},
          {R"("24:00:00Z")", R"("12:00:00")"}},
         {R"({"format":"date-time"})",
          {R"("2024-01-01T00:00:00Z")"},
          {R"("2024-01-01 00:00")"}},
         {R"({"format":"uuid"})",
          {R"("123e4567-e89b-12d3-a456-426614174000")"},
          {R"("123")"}},
         {R"({"format":"email"})", {R"("a.b@example.org")"}, {R"("a@b")"}},
         {R"({"format":"ipv4"})", {R"("255.0.10.1")"}, {R"("256.0.0.1")"}},
         {R"({"format":"ipv6"})",
          {R"("::")", R"("::1")", R"("1:2:3:4:5:6:7:8")", R"("fe80::1:2")",
           R"("1::")"},
          {R"(":")", R"("1:2")", R"("1::2::3")", R"("1:2:3:4:5:6:7:8:9")"}},
         {R"({"format":"uri"})",
          {R"("https://example.org/a?b=c#d")"},
          {R"("example")"}},
         {R"({"format":"hostname"})",
          {R"("a-b.example")"},
          {R"("-a")", R"("a..b")"}}});
}

BOOST_AUTO_TEST_CASE(numbers_have_bounds) {
  check({{R"({"type":"integer","minimum":-3,"maximum":12})",
          {"-3", "-1", "0", "9", "10", "12"},
          {"-4", "13", "100", "-0"}},
         {R"({"type":"integer","exclusiveMinimum":9,"exclusiveMaximum":101})",
          {"10", "55", "100"},
          {"9", "101"}},
         {R"({"type":"integer","minimum":2.5,"maximum":4.5})",
          {"3", "4"},
          {"2", "5"}},
         {R"({"type":"integer","maximum":-10})",
          {"-10", "-11", "-999"},
          {"-9", "0", "10"}},
         {R"({"type":"number","minimum":0.25,"exclusiveMaximum":1})",
          {"0.25", "0.250", "0.999", "0.3"},
          {"0.2", "0.2499", "1", "1.0", "0", "-0.5"}},
         {R"({"type":"number","exclusiveMinimum":-1.5,"maximum":0})",
          {"-1.4999", "-1", "0", "0.0", "-0.001"},
          {"-1.5", "-1.50", "0.1"}},
         {R"({"minimum":1e3})", {"1000", "1000.5"}, {"999.9"}},
         {R"({"type":"integer","multipleOf":7,"minimum":0,"maximum":50})",
          {"0", "7", "49"},
          {"8", "56", "-7"}},
         {R"({"type":"number","multipleOf":0.01})", {"1.25", "3"}, {"1.255"}},
         {R"({"type":"number","multipleOf":2})", {"4", "-2"}, {"3", "4.0"}}});
}

BOOST_AUTO_TEST_CASE(combinations_hold_together) {
  check(
      {{R"({"anyOf":[{"type":"null"},{"type":"integer"}]})",
        {"null", "1"},
        {"true"}},
       {R"({"oneOf":[{"type":"null"},{"type":"string"}]})", {"null"}, {"1"}},
       {R"({"allOf":[{"type":"integer"},{"minimum":3},{"maximum":5}]})",
        {"3", "5"},
        {"2", "6"}},
       {R"({"type":["integer","string"],"allOf":[{"type":["string","null"]}]})",
        {R"("a")"},
        {"1", "null"}},
       {R"({"type":"object","properties":{"a":{"type":"null"},
             "b":{"type":"null"}},"anyOf":[{"required":["a"]},
             {"required":["b"]}]})",
        {R"({"a":null})", R"({"b":null})", R"({"a":null,"b":null})"},
        {"{}"}},
       {R"({"allOf":[{"properties":{"a":{"minimum":2}},"required":["a"]},
             {"properties":{"a":{"type":"integer","maximum":3}}}]})",
        {R"({"a":2})", R"({"a":3})"},
        {R"({"a":1})", "{}"}}});
}

BOOST_AUTO_TEST_CASE(references_may_be_recursive) {
  check({{R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"array",
             "items":{"$ref":"#/$defs/n"}}}})",
          {"[]", "[[],[[]]]"},
          {"[1]", "[["}},
         {R"({"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},
             {"type":"null"}]}},"required":["next"]})",
          {R"({"next":null})", R"({"next":{"next":null}})"},
          {"{}"}},
         {R"({"definitions":{"a/b":{"const":1}},
             "$ref":"#/definitions/a~1b"})",
          {"1"},
          {"2"}}});
}

BOOST_AUTO_TEST_CASE(errors_name_the_path) {
  BOOST_TEST(error("{") == "schema: is not JSON: incomplete JSON");
  BOOST_TEST(error("3") == "schema: a schema must be an object or a boolean");
  BOOST_TEST(error(R"({"properties":{"a":{"type":"strin"}}})")
             == "schema.properties.a.type: there is no type 'strin'");
  BOOST_TEST(error(R"({"items":{"not":{}}})")
             == "schema.items.not: this keyword is not supported");
  BOOST_TEST(error(R"({"anyOf":[{"type":"null"},{"minLenght":1}]})")
             == "schema.anyOf[1].minLenght: this keyword is not supported");
  BOOST_TEST(error(R"({"type":"array","uniqueItems":true})")
             == "schema.uniqueItems: unique items are not supported");
  BOOST_TEST(error(R"({"$ref":"#/$defs/x"})")
             == "schema.$ref: there is no schema at '#/$defs/x'");
  BOOST_TEST(error(R"({"$ref":"http://example.org/s"})")
             == "schema.$ref: only references within the schema (\"#/...\") "
                "are supported");
  BOOST_TEST(error(R"({"type":"string","pattern":"a("})")
             == "schema.pattern: column 2: '(' is not closed");
  BOOST_TEST(error(R"({"format":"iban"})")
                 .starts_with("schema.format: format 'iban' is not supported"));
  BOOST_TEST(error(R"({"minItems":-1})")
             == "schema.minItems: must be a whole number of at least 0");
  BOOST_TEST(error(R"({"minimum":"1"})") == "schema.minimum: must be a number");
  BOOST_TEST(error(R"({"enum":[]})")
             == "schema.enum: must be an array, not empty");
  BOOST_TEST(error(R"({"multipleOf":0.3})")
                 .starts_with("schema.multipleOf: must be a whole number"));
  BOOST_TEST(error(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})")
                 .starts_with("schema.oneOf[1]: a value may hold for this "
                              "branch of oneOf and for branch 0"));
}

BOOST_AUTO_TEST_CASE(schema_that_nothing_satisfies_is_refused) {
  for (const char* schema :
       {"false", R"({"allOf":[{"type":"null"},{"type":"integer"}]})",
        R"({"type":"integer","minimum":2,"maximum":1})",
        R"({"type":"string","pattern":"^a$","minLength":2})",
        R"({"properties":{"a":false},"required":["a"]})",
        R"({"type":"array","items":false,"minItems":1})",
        R"({"properties":{"a":{"$ref":"#"}},"required":["a"]})",
        R"({"type":"integer","enum":["a"]})"})
    BOOST_TEST(error(schema) == "schema: the grammar matches nothing", schema);
}

BOOST_AUTO_TEST_CASE(hostile_schemas_are_refused_quickly) {
  std::string deep = "{}";
  for (int i = 0; i < 100; ++i)
    deep = R"({"items":)" + deep + "}";
  BOOST_TEST(error(deep) == "schema: nests deeper than 64 levels");
  BOOST_TEST(
      error(R"({"type":"array","minItems":2000000000})").find("too complex")
      != std::string::npos);
  BOOST_TEST(error(R"({"pattern":"(a|b)*a(a|b){30}$"})").find("too complex")
             != std::string::npos);
  std::string product = R"({"allOf":[)";
  for (int i = 0; i < 20; ++i)
    product += std::string{i > 0 ? "," : ""}
               + R"({"anyOf":[{"minimum":1},{"maximum":2},{"minimum":3}]})";
  BOOST_TEST(error(product + "]}").find("more than 512 combinations")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(schema_that_only_means_itself_is_refused) {
  BOOST_TEST(error(R"({"$ref":"#"})") == "schema: the grammar matches nothing");
  BOOST_TEST(error(R"({"anyOf":[{"$ref":"#"}],"title":"t"})")
             == "schema: the grammar matches nothing");
  const auto left = error(R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})");
  BOOST_TEST(left.find("left recursion: 'schema' begins with ")
                 != std::string::npos,
             left);
}

BOOST_AUTO_TEST_CASE(structure_puts_texts_and_schemas_together) {
  const auto grammar = compile(
      grammar_kind::structure,
      R"(["<call>", {"json_schema":{"properties":{"a":{"type":"integer"}},
          "required":["a"]}}, "</call>", {"repeat":{"regex":"[ab]+"},
          "separator":"; ", "min":0, "max":2},
          {"any_of":["!", ["?", "?"]]}])");
  for (const char* text :
       {R"(<call>{"a":1}</call>!)", R"(<call>{"a": 22}</call>ab; b??)"})
    BOOST_TEST(accepts(grammar, text), text);
  for (const char* text : {R"(<call>{}</call>!)", R"(<call>{"a":1}</call>)",
                           R"(<call>{"a":1}</call>a; b; a!)"})
    BOOST_TEST(!accepts(grammar, text), text);
  BOOST_TEST(error_of(grammar_kind::structure,
                      R"(["a",{"json_schema":{"items":{"type":"x"}}}])")
             == "structure[1].json_schema.items.type: there is no type 'x'");
  BOOST_TEST(error_of(grammar_kind::structure, R"([{"regex":"("}])")
             == "structure[0].regex: column 1: '(' is not closed");
}

BOOST_AUTO_TEST_SUITE_END()
