// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Names, defaults and numbers of the graph language as people write them, for
// the JSON Schema and the reference page. Knows neither JSON nor Markdown.
#pragma once

#include <capnp/schema.h>

#include <optional>
#include <string>
#include <string_view>

namespace sluice::graph {

/// As YAML spells it: "max_body".
std::string name_of(capnp::StructSchema::Field field);
std::string name_of(capnp::EnumSchema::Enumerant item);

/// "graph.capnp:RouteRule" -> "RouteRule".
std::string type_name(capnp::Schema type);

/// The default that graph.capnp writes down; empty if it writes none.
std::optional<capnp::schema::Value::Reader>
written_default(capnp::StructSchema::Field field);

/// A number in the notation `format` of shorthand.hpp, in the largest unit that
/// leaves it whole: 8388608 in "bytes" is "8MiB". Durations are milliseconds.
std::string written(double value, std::string_view format);

} // namespace sluice::graph
