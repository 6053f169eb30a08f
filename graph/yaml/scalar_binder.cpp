// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/scalar_binder.hpp"

#include "graph/yaml/nearest.hpp"
#include "graph/yaml/scalar.hpp"
#include "graph/yaml/shorthand.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>
#include <vector>

namespace sluice::graph::yaml {

namespace {

using capnp::DynamicValue;
using field_type = capnp::schema::Type::Which;

/// 8388608 rather than 8.38861e+06.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value == std::floor(value) ? "%.0f" : "%g",
                value);
  return text;
}

/// The largest magnitude whole numbers of a type hold.
struct whole_limits {
  std::int64_t min;
  std::uint64_t max;
};

std::optional<whole_limits> whole_limits_of(field_type type) {
  auto of = [](auto zero) {
    using t = std::numeric_limits<decltype(zero)>;
    return whole_limits{static_cast<std::int64_t>(t::min()),
                        static_cast<std::uint64_t>(t::max())};
  };
  switch (type) {
  case field_type::UINT8:
    return of(std::uint8_t{});
  case field_type::UINT16:
    return of(std::uint16_t{});
  case field_type::UINT32:
    return of(std::uint32_t{});
  case field_type::UINT64:
    return of(std::uint64_t{});
  case field_type::INT8:
    return of(std::int8_t{});
  case field_type::INT16:
    return of(std::int16_t{});
  case field_type::INT32:
    return of(std::int32_t{});
  case field_type::INT64:
    return of(std::int64_t{});
  default:
    return std::nullopt;
  }
}

std::string wanted(const slot& where) {
  if (where.type.isText())
    return "a text";
  if (where.type.isBool())
    return "true or false";
  if (where.type.isEnum())
    return "a word";
  return whole_limits_of(where.type.which()) ? "a whole number" : "a number";
}

} // namespace

std::string shown(const node& value) {
  return value.type == node_type::scalar ? in_quotes(value.text)
                                         : std::string(describe(value));
}

void scalar_binder::bind(const node& value, const slot& where,
                         const setter& set) {
  if (value.type != node_type::scalar) {
    tell(value,
         where.title + " needs " + wanted(where) + ", not " + shown(value));
    return;
  }
  switch (where.type.which()) {
  case field_type::TEXT:
    set(DynamicValue::Reader(value.text.c_str()));
    return;
  case field_type::BOOL:
    if (value.quoted || (value.text != "true" && value.text != "false"))
      mistyped(value, where);
    else
      set(value.text == "true");
    return;
  case field_type::ENUM:
    bind_enum(value, where, set);
    return;
  default:
    bind_number(value, where, set);
  }
}

void scalar_binder::bind_enum(const node& value, const slot& where,
                              const setter& set) {
  std::vector<std::string> known;
  for (auto item : where.type.asEnum().getEnumerants()) {
    known.push_back(yaml_name(item.getProto().getName().cStr()));
    if (known.back() == value.text) {
      set(capnp::DynamicEnum(item));
      return;
    }
  }
  tell(value, where.title + " does not know " + in_quotes(value.text)
                  + hint(value.text, known));
}

void scalar_binder::bind_number(const node& value, const slot& where,
                                const setter& set) {
  if (!where.format.empty())
    return bind_shorthand(value, where, set);
  if (whole_limits_of(where.type.which()))
    return bind_whole(value, where, set);
  const auto parsed = parse_double(value.text);
  if (!parsed || value.quoted)
    mistyped(value, where);
  else if (within(value, where, *parsed))
    set(*parsed);
}

void scalar_binder::bind_whole(const node& value, const slot& where,
                               const setter& set) {
  const auto whole = *whole_limits_of(where.type.which());
  const auto parsed = parse_int(value.text);
  const auto large = parse_uint(value.text);
  if (value.quoted || (!parsed && !large))
    return mistyped(value, where);
  if ((parsed && *parsed < whole.min) || (large && *large > whole.max))
    return out_of_range(value, where, static_cast<double>(whole.min),
                        static_cast<double>(whole.max));
  if (!within(value, where,
              parsed ? static_cast<double>(*parsed)
                     : static_cast<double>(*large)))
    return;
  if (parsed)
    set(*parsed);
  else
    set(*large);
}

void scalar_binder::bind_shorthand(const node& value, const slot& where,
                                   const setter& set) {
  auto take = [&](const auto& parsed) {
    if (auto* error = std::get_if<shorthand_error>(&parsed)) {
      tell(value,
           where.title + " " + error->text + ", not " + in_quotes(value.text));
    } else if (within(value, where, static_cast<double>(std::get<0>(parsed)))) {
      set(std::get<0>(parsed));
    }
  };
  if (where.format == "bytes")
    take(parse_bytes(value.text));
  else if (where.format == "duration")
    take(parse_duration(value.text));
  else
    take(parse_price(value.text));
}

void scalar_binder::mistyped(const node& value, const slot& where) {
  tell(value, where.title + " needs " + wanted(where) + ", not "
                  + (value.quoted ? "the text " : "") + in_quotes(value.text));
}

void scalar_binder::out_of_range(const node& value, const slot& where,
                                 double min, double max) {
  auto low = where.range ? std::max(min, where.range->min) : min;
  auto high = where.range ? std::min(max, where.range->max) : max;
  tell(value, where.title + " must be " + number(low) + " to " + number(high)
                  + ", not " + in_quotes(value.text));
}

bool scalar_binder::within(const node& value, const slot& where,
                           double parsed) {
  if (!where.range
      || (parsed >= where.range->min && parsed <= where.range->max))
    return true;
  out_of_range(value, where, where.range->min, where.range->max);
  return false;
}

void scalar_binder::tell(const node& value, std::string text) {
  found_.push_back({{file_, value.line, value.column}, std::move(text)});
}

} // namespace sluice::graph::yaml
