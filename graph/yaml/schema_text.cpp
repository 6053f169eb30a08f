// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/schema_text.hpp"

#include "graph/graph.capnp.h"

#include <capnp/dynamic.h>

#include <cctype>

namespace sluice::graph {

namespace {

/// The ids that capnp gave the annotations of graph.capnp.
enum annotation_id : std::uint64_t {
  required_id = 0xd61f3b1e8f0c7a55,
  key_id = 0xc0b64c3a7b1f2e91,
  single_id = 0xe2a7c5d90b6f4813,
  tagged_id = 0xf9c1e4b7a2d35866,
  range_id = 0xa8d2f6c4e1b09377,
  format_id = 0x9e3b5d7f1c2a4068,
};

using annotation_list = capnp::List<capnp::schema::Annotation>::Reader;

std::optional<capnp::schema::Annotation::Reader> find(annotation_list list,
                                                      std::uint64_t id) {
  for (auto annotation : list)
    if (annotation.getId() == id)
      return annotation;
  return std::nullopt;
}

bool has(capnp::StructSchema::Field field, std::uint64_t id) {
  return find(field.getProto().getAnnotations(), id).has_value();
}

std::string_view text_of(annotation_list list) {
  auto found = find(list, format_id);
  return found ? std::string_view(found->getValue().getText().cStr())
               : std::string_view();
}

} // namespace

std::string yaml_name(std::string_view capnp_name) {
  std::string out;
  for (char c : capnp_name) {
    if (std::isupper(static_cast<unsigned char>(c)))
      out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

bool is_required(capnp::StructSchema::Field field) {
  return has(field, required_id);
}

bool is_key(capnp::StructSchema::Field field) {
  return has(field, key_id);
}

bool is_single(capnp::StructSchema::Field field) {
  return has(field, single_id);
}

bool is_tagged(capnp::StructSchema::Field field) {
  return has(field, tagged_id);
}

std::optional<number_limits> limits_of(capnp::StructSchema::Field field) {
  auto found = find(field.getProto().getAnnotations(), range_id);
  if (!found)
    return std::nullopt;
  auto value = found->getValue().getStruct().getAs<schema::Limits>();
  return number_limits{value.getMin(), value.getMax()};
}

std::string_view format_of(capnp::StructSchema::Field field) {
  return text_of(field.getProto().getAnnotations());
}

std::string_view format_of(capnp::StructSchema type) {
  return text_of(type.getProto().getAnnotations());
}

std::optional<capnp::StructSchema::Field> key_of(capnp::StructSchema type) {
  for (auto field : type.getFields())
    if (is_key(field))
      return field;
  return std::nullopt;
}

std::optional<capnp::StructSchema::Field> tag_of(capnp::StructSchema type) {
  for (auto field : type.getFields())
    if (is_tagged(field))
      return field;
  return std::nullopt;
}

std::vector<capnp::StructSchema::Field>
members_of(capnp::StructSchema::Field tag) {
  std::vector<capnp::StructSchema::Field> out;
  for (auto field : tag.getType().asStruct().getUnionFields())
    if (field.getType().isStruct())
      out.push_back(field);
  return out;
}

std::vector<capnp::StructSchema::Field>
written_fields(capnp::StructSchema type) {
  std::vector<capnp::StructSchema::Field> out;
  for (auto field : type.getFields())
    if (!is_key(field) && !is_tagged(field))
      out.push_back(field);
  return out;
}

} // namespace sluice::graph
