// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/schema/reference.hpp"

#include "graph/graph.capnp.h"
#include "graph/kinds/kind_registry.hpp"
#include "graph/schema/docs.hpp"
#include "graph/schema/fields.hpp"
#include "graph/yaml/schema_text.hpp"

#include <capnp/dynamic.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace sluice::graph {

namespace {

constexpr std::string_view opening = R"(# The graph language

Every field of graph, placement and cluster files. [Writing graphs](writing-graphs.md)
shows how to use them. `sluice schema --format markdown` makes this page from
[graph.capnp](../graph/graph.capnp): do not edit it here.

A field that is neither required nor has a default may be left out. Where a list
"or one alone" is taken, `zone: edge` is `zone: [edge]`.

| notation | written | meaning |
|---|---|---|
| bytes | `4096`, `512MiB`, `2GB` | KiB to TiB are powers of 1024, kB to TB of 1000 |
| duration | `250ms`, `30s`, `5m`, `2h`, `1d` | a unit is needed |
| price | `2.1/h`, `50/d` | per hour if no unit is given; /s, /min, /h, /d |
| range | `3`, `0..8` | both ends belong to it |
)";

std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

/// A comment as Markdown: what it quotes is code, and no sign means layout.
std::string prose(std::string_view comment) {
  std::string out;
  bool quoted = false;
  for (char c : comment) {
    if (c == '"') {
      out += '`';
      quoted = !quoted;
      continue;
    }
    // A bar ends a table's cell even within code.
    if (c == '|' || (!quoted && (c == '*' || c == '<')))
      out += '\\';
    out += c;
  }
  return out;
}

/// "RouteRule" -> "Route rule".
std::string title(capnp::Schema type) {
  auto out = yaml_name(type_name(type)).substr(1);
  std::replace(out.begin(), out.end(), '_', ' ');
  out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

/// A link to a heading of this page.
std::string link(std::string text, std::string heading) {
  std::erase(heading, ':');
  for (char& c : heading)
    c = c == ' '
            ? '-'
            : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return "[" + std::move(text) + "](#" + heading + ")";
}

std::string link(capnp::StructSchema type) {
  auto text = title(type);
  text[0] =
      static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return link(text, title(type));
}

/// The heading of a tagged union's member is what one writes: "kind: router".
std::string title(capnp::StructSchema::Field tag,
                  capnp::StructSchema::Field member) {
  return name_of(tag) + ": " + name_of(member);
}

std::string example_of(std::string_view format) {
  if (format == "bytes")
    return ", `512MiB`";
  if (format == "duration")
    return ", `30s`";
  if (format == "price")
    return ", `2.1/h`";
  return ", `0..8`";
}

std::string scalar_name(capnp::Type type) {
  if (type.isText())
    return "text";
  if (type.isBool())
    return "`true` or `false`";
  return type.isFloat32() || type.isFloat64() ? "number" : "whole number";
}

std::string choices(capnp::EnumSchema type) {
  std::string out;
  for (auto item : type.getEnumerants())
    out += (out.empty() ? "" : ", ") + code(name_of(item));
  return out;
}

std::string type_of(capnp::Type type, capnp::StructSchema::Field field) {
  if (type.isList()) {
    auto element = type.asList().getElementType();
    if (element.isStruct() && key_of(element.asStruct()))
      return "map of " + link(element.asStruct()) + " by "
             + name_of(*key_of(element.asStruct()));
    return "list of " + type_of(element, field)
           + (is_single(field) ? ", or one alone" : "");
  }
  if (type.isEnum())
    return choices(type.asEnum());
  if (type.isStruct()) {
    auto format = format_of(type.asStruct());
    return link(type.asStruct()) + (format.empty() ? "" : example_of(format));
  }
  if (auto format = format_of(field); !format.empty())
    return std::string(format) + example_of(format);
  return scalar_name(type);
}

std::string default_of(capnp::StructSchema::Field field) {
  if (is_required(field))
    return "required";
  // An enumeration's first name is what an empty message holds.
  if (field.getType().isEnum())
    return code(name_of(field.getType().asEnum().getEnumerants()[0]));
  auto value = written_default(field);
  if (!value)
    return "";
  if (value->isText())
    return code(value->getText().cStr());
  if (value->isBool())
    return code(value->getBool() ? "true" : "false");
  if (value->isUint32())
    return code(written(value->getUint32(), format_of(field)));
  if (value->isUint64())
    return code(
        written(static_cast<double>(value->getUint64()), format_of(field)));
  return ""; // A float's default is NaN: not given.
}

std::string range_of(capnp::StructSchema::Field field) {
  auto limits = limits_of(field);
  if (!limits)
    return "";
  auto format = format_of(field);
  return written(limits->min, format) + " to " + written(limits->max, format);
}

std::string description(capnp::StructSchema::Field field) {
  auto out = prose(doc_of(field));
  if (field.getType().isEnum())
    for (auto item : field.getType().asEnum().getEnumerants())
      out += " " + code(name_of(item)) + ": " + prose(doc_of(item));
  return out;
}

std::string row(std::string_view name, std::string_view type,
                std::string_view initial, std::string_view range,
                std::string_view text) {
  std::string out;
  for (auto cell : {name, type, initial, range, text})
    out += cell.empty() ? "| " : "| " + std::string(cell) + " ";
  return out + "|\n";
}

std::string ports(const std::vector<port>& list) {
  std::string out;
  for (const auto& port : list) {
    out += (out.empty() ? "" : ", ") + code(port.name);
    if (port.name != name(port.type))
      out += " (" + std::string(name(port.type)) + ")";
  }
  return out;
}

std::string ports(const kind& type) {
  auto out = "Input: " + ports(type.inputs) + ". ";
  if (type.names_outputs)
    return out + "Outputs: any number of "
           + std::string(name(type.outputs.front().type))
           + "s, named by the flow.\n";
  out += "Output: " + ports(type.outputs);
  bool closes =
      std::any_of(type.outputs.begin(), type.outputs.end(),
                  [](auto& port) { return port.type == message_type::text; });
  return out
         + (closes ? "; it closes the request, so its edge may point back" : "")
         + ".\n";
}

class page_writer {
public:
  std::string take() { return std::move(out_); }

  /// The section of `type`, then those of the structs in it, as first met.
  void section(capnp::StructSchema type, const std::string& heading,
               std::size_t depth) {
    open(heading, doc_of(type), depth);
    table(type);
    inner_sections(type, depth + 1);
    if (auto tag = tag_of(type))
      for (auto member : members_of(*tag))
        member_section(*tag, member, depth + 1);
  }

private:
  void open(const std::string& heading, const std::string& comment,
            std::size_t depth) {
    // Deeper headings look smaller than the text under them.
    out_ += "\n" + std::string(std::min<std::size_t>(depth, 5), '#') + " "
            + heading + "\n\n" + prose(comment) + "\n";
  }

  void table(capnp::StructSchema type) {
    out_ += "\n" + row("field", "type", "default", "range", "what it says")
            + "|---|---|---|---|---|\n";
    if (auto key = key_of(type))
      out_ += row("the map's key", "text", "required", "", prose(doc_of(*key)));
    if (auto tag = tag_of(type)) {
      std::string names;
      for (auto member : members_of(*tag))
        names += (names.empty() ? "" : ", ")
                 + link(code(name_of(member)), title(*tag, member));
      out_ +=
          row(code(name_of(*tag)), names, "required", "", prose(doc_of(*tag)));
    }
    for (auto field : written_fields(type))
      out_ += row(code(name_of(field)), type_of(field.getType(), field),
                  default_of(field), range_of(field), description(field));
  }

  void inner_sections(capnp::StructSchema type, std::size_t depth) {
    for (auto field : written_fields(type)) {
      auto inner = field.getType();
      if (inner.isList())
        inner = inner.asList().getElementType();
      if (inner.isStruct()
          && told_.insert(inner.asStruct().getProto().getId()).second)
        section(inner.asStruct(), title(inner.asStruct()), depth);
    }
  }

  void member_section(capnp::StructSchema::Field tag,
                      capnp::StructSchema::Field member, std::size_t depth) {
    auto settings = member.getType().asStruct();
    open(title(tag, member), doc_of(settings), depth);
    if (const auto* type = kinds_.find(name_of(member)))
      out_ += "\n" + ports(*type);
    table(settings);
    inner_sections(settings, depth + 1);
  }

  kind_registry kinds_ = built_in_kinds();
  std::set<std::uint64_t> told_;
  std::string out_{opening};
};

} // namespace

std::string reference_page() {
  page_writer page;
  page.section(capnp::Schema::from<schema::Graph>(), "Graph file", 2);
  page.section(capnp::Schema::from<schema::Placement>(), "Placement file", 2);
  page.section(capnp::Schema::from<schema::Cluster>(), "Cluster file", 2);
  return page.take();
}

} // namespace sluice::graph
