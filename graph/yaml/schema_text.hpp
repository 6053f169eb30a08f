// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the annotations of graph.capnp say about a field, and how YAML spells
// its name. Shared by the binder and the JSON Schema, so that they agree.
#pragma once

#include <capnp/schema.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::graph {

/// "maxBody" -> "max_body".
std::string yaml_name(std::string_view capnp_name);

struct number_limits {
  double min = 0;
  double max = 0;
};

bool is_required(capnp::StructSchema::Field field);
bool is_key(capnp::StructSchema::Field field);
bool is_single(capnp::StructSchema::Field field);
bool is_tagged(capnp::StructSchema::Field field);
std::optional<number_limits> limits_of(capnp::StructSchema::Field field);
/// "bytes", "duration", "price", "range" or "".
std::string_view format_of(capnp::StructSchema::Field field);
std::string_view format_of(capnp::StructSchema type);

/// The field that is the key when a list of `type` is written as a map.
std::optional<capnp::StructSchema::Field> key_of(capnp::StructSchema type);
/// The tagged union of `type`.
std::optional<capnp::StructSchema::Field> tag_of(capnp::StructSchema type);

/// What a tag may name: the union's members that hold a struct.
std::vector<capnp::StructSchema::Field>
members_of(capnp::StructSchema::Field tag);

/// The fields that people write: all but the key and the tag.
std::vector<capnp::StructSchema::Field>
written_fields(capnp::StructSchema type);

} // namespace sluice::graph
