// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The JSON Schema says what the reader says. tests/clients runs ajv over it.
#include "graph/schema/json_schema.hpp"

#include "graph/graph.capnp.h"
#include "graph/schema/docs.hpp"
#include "graph/yaml/schema_text.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::graph;
namespace json = boost::json;

namespace {

json::value parsed(document_kind kind) {
  return json::parse(json_schema(kind));
}

const json::value& at(const json::value& value, const char* pointer) {
  return value.at_pointer(pointer);
}

/// Every field of `type`, and of the structs in it, has a comment.
void check_docs(capnp::StructSchema type) {
  std::string name = type.getProto().getDisplayName().cStr();
  if (!type.getProto().getStruct().getIsGroup())
    BOOST_TEST(!doc_of(type).empty(), name);
  for (auto field : type.getFields()) {
    std::string field_name = field.getProto().getName().cStr();
    auto inner = field.getType();
    if (inner.isList())
      inner = inner.asList().getElementType();
    // A union's members are described by their structs.
    if (!type.getProto().getStruct().getIsGroup())
      BOOST_TEST(!doc_of(field).empty(), name + "." + field_name);
    if (inner.isStruct())
      check_docs(inner.asStruct());
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(schema_text)

BOOST_AUTO_TEST_CASE(every_field_is_documented) {
  check_docs(capnp::Schema::from<sluice::graph::schema::Graph>());
  check_docs(capnp::Schema::from<sluice::graph::schema::Placement>());
  check_docs(capnp::Schema::from<sluice::graph::schema::Cluster>());
}

BOOST_AUTO_TEST_CASE(graph_schema_follows_the_capnp_file) {
  auto made = parsed(document_kind::graph);
  BOOST_TEST(at(made, "/$schema").as_string()
             == "https://json-schema.org/draft/2020-12/schema");
  BOOST_TEST(at(made, "/properties/graph/description").as_string()
             == "The graph's name.");
  BOOST_TEST(at(made, "/$defs/Actor/oneOf").as_array().size() == 6u);
  BOOST_TEST(at(made, "/$defs/Actor/oneOf/0/properties/kind/const").as_string()
             == "gateway");
  BOOST_TEST(
      at(made, "/$defs/Actor/oneOf/0/properties/threads/maximum").as_int64()
      == 1024);
  BOOST_TEST(
      at(made, "/$defs/Actor/oneOf/0/properties/max_body/default").as_int64()
      == 8388608);
  BOOST_TEST(at(made, "/$defs/Model/required/0").as_string() == "path");
  BOOST_TEST(!at(made, "/$defs/Model/additionalProperties").as_bool());
}

BOOST_AUTO_TEST_CASE(placement_schema_knows_the_notations) {
  auto made = parsed(document_kind::placement);
  BOOST_TEST(
      at(made, "/$defs/PlaceRule/properties/replicas/anyOf").as_array().size()
      == 3u);
  BOOST_TEST(at(made, "/$defs/Zone/properties/trust/oneOf/1/const").as_string()
             == "public");
  BOOST_TEST(at(made, "/properties/zones/additionalProperties/anyOf/1/type")
                 .as_string()
             == "null");
}

BOOST_AUTO_TEST_CASE(names_are_spelled_as_in_yaml) {
  BOOST_TEST(yaml_name("maxBody") == "max_body");
  BOOST_TEST(yaml_name("as") == "as");
}

BOOST_AUTO_TEST_SUITE_END()
