// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/schema/docs.hpp"

#include <capnp/schema.capnp.h>
#include <capnp/serialize.h>

#include <algorithm>

namespace sluice::graph {

/// What `capnp compile -o-` says about graph.capnp; written by the build.
extern const unsigned char schema_request[];
extern const std::size_t schema_request_size;

namespace {

std::string joined(capnp::Text::Reader text) {
  std::string out = text.cStr();
  while (!out.empty() && out.back() == '\n')
    out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

/// The comment of node `id`, or of its member `index` if that is not negative.
std::string find(std::uint64_t id, int index) {
  capnp::FlatArrayMessageReader message(
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(schema_request),
                   schema_request_size / sizeof(capnp::word)));
  auto request = message.getRoot<capnp::schema::CodeGeneratorRequest>();
  for (auto info : request.getSourceInfo()) {
    if (info.getId() != id)
      continue;
    if (index < 0)
      return joined(info.getDocComment());
    if (static_cast<unsigned>(index) < info.getMembers().size())
      return joined(
          info.getMembers()[static_cast<unsigned>(index)].getDocComment());
  }
  return {};
}

} // namespace

std::string doc_of(capnp::Schema type) {
  return find(type.getProto().getId(), -1);
}

std::string doc_of(capnp::StructSchema::Field field) {
  // The comment of a group stands at the group's own node.
  if (field.getProto().isGroup())
    return doc_of(field.getType().asStruct());
  return find(field.getContainingStruct().getProto().getId(),
              static_cast<int>(field.getIndex()));
}

std::string doc_of(capnp::EnumSchema::Enumerant item) {
  return find(item.getContainingEnum().getProto().getId(),
              static_cast<int>(item.getOrdinal()));
}

} // namespace sluice::graph
