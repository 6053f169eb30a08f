// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/schema/fields.hpp"

#include "graph/yaml/schema_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace sluice::graph {

namespace {

struct unit {
  std::string_view name;
  double factor;
};

std::string digits(double value) {
  std::array<char, 32> text{};
  auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                           std::chars_format::fixed)
                 .ptr;
  return {text.data(), end};
}

/// `units` from the largest to the smallest.
std::string with_unit(double value, std::span<const unit> units) {
  for (const auto& unit : units)
    if (value >= unit.factor && std::fmod(value, unit.factor) == 0)
      return digits(value / unit.factor) + std::string(unit.name);
  return digits(value) + std::string(units.back().name);
}

} // namespace

std::string name_of(capnp::StructSchema::Field field) {
  return yaml_name(field.getProto().getName().cStr());
}

std::string name_of(capnp::EnumSchema::Enumerant item) {
  return yaml_name(item.getProto().getName().cStr());
}

std::string type_name(capnp::Schema type) {
  std::string name = type.getProto().getDisplayName().cStr();
  return name.substr(name.find(':') + 1);
}

std::optional<capnp::schema::Value::Reader>
written_default(capnp::StructSchema::Field field) {
  auto proto = field.getProto();
  if (!proto.isSlot() || !proto.getSlot().getHadExplicitDefault())
    return std::nullopt;
  return proto.getSlot().getDefaultValue();
}

std::string written(double value, std::string_view format) {
  static constexpr std::array bytes{
      unit{"TiB", 1099511627776.0}, unit{"GiB", 1073741824.0},
      unit{"MiB", 1048576.0}, unit{"KiB", 1024.0}, unit{"B", 1}};
  static constexpr std::array times{unit{"d", 86400e3}, unit{"h", 3600e3},
                                    unit{"m", 60e3}, unit{"s", 1000},
                                    unit{"ms", 1}};
  if (format == "bytes")
    return with_unit(value, bytes);
  if (format == "duration")
    return with_unit(value, times);
  return digits(value) + (format == "price" ? "/h" : "");
}

} // namespace sluice::graph
