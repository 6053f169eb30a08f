// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/schema/json_schema.hpp"

#include "graph/graph.capnp.h"
#include "graph/schema/docs.hpp"
#include "graph/schema/fields.hpp"
#include "graph/schema/indented_json.hpp"
#include "graph/yaml/schema_text.hpp"

#include <boost/json.hpp>
#include <capnp/dynamic.h>

#include <cmath>
#include <utility>

namespace sluice::graph {

namespace {

namespace json = boost::json;
using field_type = capnp::schema::Type::Which;

/// Whole numbers without a fraction, as people write them.
json::value number(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15)
    return static_cast<std::int64_t>(value);
  return value;
}

bool is_unsigned(field_type type) {
  return type == field_type::UINT8 || type == field_type::UINT16
         || type == field_type::UINT32 || type == field_type::UINT64;
}

bool is_float(field_type type) {
  return type == field_type::FLOAT32 || type == field_type::FLOAT64;
}

/// A type written in one of the notations of shorthand.hpp.
json::object notation(std::string_view format) {
  if (format == "bytes")
    return {{"type", {"integer", "string"}},
            {"pattern", "^[0-9]+(\\.[0-9]+)? *(B|[kKMGT]B|[KMGT]iB)?$"}};
  if (format == "duration")
    return {{"type", "string"},
            {"pattern", "^[0-9]+(\\.[0-9]+)? *(ms|s|m|min|h|d)$"}};
  return {{"type", {"number", "string"}},
          {"pattern", "^[0-9]+(\\.[0-9]+)? *(/(s|min|h|d))?$"}};
}

class generator {
public:
  json::object document(capnp::StructSchema root, std::string_view title) {
    json::object out;
    out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    out["title"] = title;
    for (auto& [key, value] : struct_schema(root))
      out[key] = value;
    out["$defs"] = std::move(definitions_);
    return out;
  }

private:
  /// The fields of `type` into `properties` and `required`.
  void add_fields(capnp::StructSchema type, json::object& properties,
                  json::array& required) {
    for (auto field : written_fields(type)) {
      auto name = name_of(field);
      auto made = type_schema(field.getType(), field);
      json::object out;
      if (auto doc = doc_of(field); !doc.empty())
        out["description"] = doc;
      for (auto& [key, value] : made)
        out[key] = value;
      add_default(field, out);
      properties[name] = std::move(out);
      if (is_required(field))
        required.push_back(json::string(name));
    }
  }

  json::object struct_schema(capnp::StructSchema type) {
    json::object out, properties;
    json::array required;
    if (auto doc = doc_of(type); !doc.empty())
      out["description"] = doc;
    out["type"] = "object";
    if (auto tag = tag_of(type)) {
      add_members(type, *tag, out);
      return out;
    }
    add_fields(type, properties, required);
    out["properties"] = std::move(properties);
    if (!required.empty())
      out["required"] = std::move(required);
    out["additionalProperties"] = false;
    return out;
  }

  /// One alternative for each member of a tagged union.
  void add_members(capnp::StructSchema type, capnp::StructSchema::Field tag,
                   json::object& out) {
    json::array names, choices;
    for (auto member : members_of(tag)) {
      auto settings = member.getType().asStruct();
      json::object properties;
      json::array required{json::string(name_of(tag))};
      properties[name_of(tag)] = {{"const", name_of(member)}};
      add_fields(type, properties, required);
      add_fields(settings, properties, required);
      names.push_back(json::string(name_of(member)));
      choices.push_back({{"title", name_of(member)},
                         {"description", doc_of(settings)},
                         {"properties", std::move(properties)},
                         {"required", std::move(required)},
                         {"additionalProperties", false}});
    }
    out["properties"] = {
        {name_of(tag), {{"description", doc_of(tag)}, {"enum", names}}}};
    out["required"] = {json::string(name_of(tag))};
    out["oneOf"] = std::move(choices);
  }

  json::object reference(capnp::StructSchema type) {
    auto name = type_name(type);
    if (!definitions_.contains(name)) {
      definitions_[name] = nullptr; // A struct may hold itself.
      definitions_[name] = struct_schema(type);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

  json::object type_schema(capnp::Type type, capnp::StructSchema::Field field) {
    if (type.isList())
      return list_schema(type.asList().getElementType(), field);
    if (type.isEnum())
      return enum_schema(type.asEnum());
    if (type.isStruct()) {
      auto target = reference(type.asStruct());
      if (format_of(type.asStruct()) != "range")
        return target;
      json::object text{{"type", "string"},
                        {"pattern", "^[0-9]+ *(\\.\\. *[0-9]+)?$"}};
      json::object single{{"type", "integer"}, {"minimum", 0}};
      return {{"anyOf", {single, text, target}}};
    }
    return scalar_schema(type, field);
  }

  json::object scalar_schema(capnp::Type type,
                             capnp::StructSchema::Field field) {
    if (type.isText())
      return {{"type", "string"}};
    if (type.isBool())
      return {{"type", "boolean"}};
    auto format = format_of(field);
    json::object out;
    if (!format.empty())
      out = notation(format);
    else
      out["type"] = is_float(type.which()) ? "number" : "integer";
    auto limits = limits_of(field);
    // A time is always a text, whose limits no schema can state.
    if (format == "duration")
      return out;
    if (limits) {
      out["minimum"] = number(limits->min);
      out["maximum"] = number(limits->max);
    } else if (is_unsigned(type.which())) {
      out["minimum"] = 0;
    }
    return out;
  }

  json::object list_schema(capnp::Type element,
                           capnp::StructSchema::Field field) {
    if (element.isStruct() && key_of(element.asStruct())) {
      auto type = element.asStruct();
      json::value item = reference(type);
      bool may_be_empty = !tag_of(type);
      for (auto inner : written_fields(type))
        may_be_empty = may_be_empty && !is_required(inner);
      if (may_be_empty)
        item = json::object{
            {"anyOf", json::array{item, json::object{{"type", "null"}}}}};
      return {{"type", "object"}, {"additionalProperties", item}};
    }
    auto item = type_schema(element, field);
    json::object list{{"type", "array"}, {"items", item}};
    if (!is_single(field))
      return list;
    return {{"anyOf", {list, item}}};
  }

  json::object enum_schema(capnp::EnumSchema type) {
    json::array choices;
    for (auto item : type.getEnumerants())
      choices.push_back(
          {{"const", name_of(item)}, {"description", doc_of(item)}});
    return {{"oneOf", std::move(choices)}};
  }

  static void add_default(capnp::StructSchema::Field field, json::object& out) {
    auto value = written_default(field);
    if (!value)
      return;
    if (value->isText())
      out["default"] = value->getText().cStr();
    else if (value->isUint32())
      out["default"] = value->getUint32();
    else if (value->isUint64() && format_of(field) == "duration")
      out["default"] = std::to_string(value->getUint64()) + "ms";
    else if (value->isUint64())
      out["default"] = value->getUint64();
  }

  json::object definitions_;
};

json::object document_of(document_kind kind) {
  switch (kind) {
  case document_kind::graph:
    return generator().document(capnp::Schema::from<schema::Graph>(),
                                "Sluice graph");
  case document_kind::placement:
    return generator().document(capnp::Schema::from<schema::Placement>(),
                                "Sluice placement");
  case document_kind::cluster:
    break;
  }
  return generator().document(capnp::Schema::from<schema::Cluster>(),
                              "Sluice cluster");
}

} // namespace

std::string json_schema(document_kind kind) {
  return indented(document_of(kind));
}

} // namespace sluice::graph
