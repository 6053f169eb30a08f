// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The comments of graph.capnp at run time, for the JSON Schema and the
// reference page.
#pragma once

#include <capnp/schema.h>

#include <string>

namespace sluice::graph {

/// The comment under a struct or enum; lines joined by spaces.
std::string doc_of(capnp::Schema type);

/// The comment under a field or an enumerant.
std::string doc_of(capnp::StructSchema::Field field);
std::string doc_of(capnp::EnumSchema::Enumerant item);

} // namespace sluice::graph
