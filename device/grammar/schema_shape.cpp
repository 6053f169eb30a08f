// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Keywords of several schemas put together.
#include "device/grammar/schema_shape.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

std::uint8_t type_bits(const schema_part& name, bool& whole) {
  const auto text = text_of(name);
  if (text == "integer") {
    whole = true;
    return number_type;
  }
  constexpr std::pair<std::string_view, std::uint8_t> types[]{
      {"null", null_type},     {"boolean", boolean_type},
      {"object", object_type}, {"array", array_type},
      {"number", number_type}, {"string", string_type}};
  for (const auto& [known, bits] : types)
    if (text == known)
      return bits;
  refuse_schema(name.path, "there is no type '" + std::string{text} + "'");
}

void add_type(const schema_part& keyword, shape& out) {
  std::uint8_t bits = 0;
  bool whole = false;
  bool number = false;
  const auto add = [&](const schema_part& name) {
    bool integer = false;
    bits |= type_bits(name, integer);
    whole |= integer;
    number |= text_of(name) == "number";
  };
  if (keyword.schema->is_array())
    std::ranges::for_each(elements_of(keyword), add);
  else
    add(keyword);
  out.types &= bits;
  out.whole |= whole && !number;
  out.typed = true;
}

void add_values(const schema_part& part, shape& out) {
  std::optional<conjunction> values;
  if (const auto keyword = find_keyword(part, "enum"))
    values = elements_of(*keyword);
  if (const auto keyword = find_keyword(part, "const"))
    values = conjunction{*keyword};
  if (values && (!out.values || values->size() < out.values->size()))
    out.values = std::move(values);
}

// Members: what each part says of a name, and of names it does not declare.
void add_members(const conjunction& parts, shape& out) {
  const auto find = [&out](std::string_view name) {
    return std::ranges::find(out.properties, name, &shape::property::name);
  };
  for (const auto& part : parts)
    if (const auto keyword = find_keyword(part, "properties")) {
      out.declares_properties = true;
      for (const auto& [name, schema] : members_of(*keyword))
        if (find(name) == out.properties.end())
          out.properties.push_back({std::string{name}, {}, false});
    }
  for (const auto& part : parts)
    if (const auto keyword = find_keyword(part, "required")) {
      if (!keyword->schema->is_array())
        refuse_schema(keyword->path, "must be an array of strings");
      for (std::size_t i = 0; i < keyword->schema->get_array().size(); ++i) {
        const auto name = text_of(keyword->at(i));
        if (find(name) == out.properties.end())
          out.properties.push_back({std::string{name}, {}, false});
        find(name)->required = true;
      }
    }
  for (const auto& part : parts) {
    const auto declared = find_keyword(part, "properties");
    const auto additional = find_keyword(part, "additionalProperties");
    for (auto& property : out.properties) {
      const auto own =
          declared ? find_keyword(*declared, property.name) : std::nullopt;
      if (own)
        property.parts.push_back(*own);
      else if (additional)
        property.parts.push_back(*additional);
    }
    if (additional) {
      out.says_additional = true;
      out.additional.push_back(*additional);
    }
  }
}

// The schemas of the first elements: prefixItems, or items of old drafts.
std::optional<schema_part> prefix_of(const schema_part& part) {
  if (auto prefix = find_keyword(part, "prefixItems"))
    return prefix;
  auto items = find_keyword(part, "items");
  return items && items->schema->is_array() ? items : std::nullopt;
}

std::optional<schema_part> rest_of(const schema_part& part) {
  auto items = find_keyword(part, "items");
  return items && items->schema->is_array()
             ? find_keyword(part, "additionalItems")
             : items;
}

void add_elements(const conjunction& parts, shape& out) {
  for (const auto& part : parts)
    if (const auto prefix = prefix_of(part))
      out.prefix.resize(
          std::max(out.prefix.size(), elements_of(*prefix).size()));
  for (const auto& part : parts) {
    const auto prefix = prefix_of(part);
    const auto own = prefix ? elements_of(*prefix) : conjunction{};
    const auto rest = rest_of(part);
    for (std::size_t i = 0; i < out.prefix.size(); ++i)
      if (i < own.size())
        out.prefix[i].push_back(own[i]);
      else if (rest)
        out.prefix[i].push_back(*rest);
    if (rest) {
      out.says_items = true;
      out.items.push_back(*rest);
    }
  }
}

void add_counts(const schema_part& part, shape& out) {
  const auto raise = [&](const char* name, std::uint32_t& to) {
    if (const auto keyword = find_keyword(part, name))
      to = std::max(to, count_of(*keyword));
  };
  const auto lower = [&](const char* name, std::optional<std::uint32_t>& to) {
    if (const auto keyword = find_keyword(part, name))
      to = std::min(to.value_or(count_of(*keyword)), count_of(*keyword));
  };
  raise("minItems", out.min_items);
  raise("minLength", out.min_length);
  lower("maxItems", out.max_items);
  lower("maxLength", out.max_length);
}

void add_bounds(const schema_part& part, shape& out) {
  const auto raise = [&](const char* name, bool strictly) {
    const auto keyword = find_keyword(part, name);
    if (!keyword)
      return;
    const auto value = number_of(*keyword);
    if (out.least && number_of(*out.least) > value)
      return;
    out.above = strictly || (out.above && number_of(*out.least) == value);
    out.least = keyword;
  };
  const auto lower = [&](const char* name, bool strictly) {
    const auto keyword = find_keyword(part, name);
    if (!keyword)
      return;
    const auto value = number_of(*keyword);
    if (out.most && number_of(*out.most) < value)
      return;
    out.below = strictly || (out.below && number_of(*out.most) == value);
    out.most = keyword;
  };
  raise("minimum", false);
  raise("exclusiveMinimum", true);
  lower("maximum", false);
  lower("exclusiveMaximum", true);
  if (const auto keyword = find_keyword(part, "multipleOf")) {
    if (number_of(*keyword) <= 0)
      refuse_schema(keyword->path, "must be greater than 0");
    out.multiples.push_back(*keyword);
  }
}

// A schema that says nothing of types means those its keywords are about.
void infer_types(const conjunction& parts, shape& out) {
  constexpr std::pair<std::string_view, std::uint8_t> hints[]{
      {"properties", object_type},
      {"required", object_type},
      {"additionalProperties", object_type},
      {"items", array_type},
      {"prefixItems", array_type},
      {"minItems", array_type},
      {"maxItems", array_type},
      {"pattern", string_type},
      {"format", string_type},
      {"minLength", string_type},
      {"maxLength", string_type},
      {"minimum", number_type},
      {"maximum", number_type},
      {"exclusiveMinimum", number_type},
      {"exclusiveMaximum", number_type},
      {"multipleOf", number_type}};
  std::uint8_t bits = 0;
  for (const auto& part : parts)
    for (const auto& [name, type] : hints)
      if (find_keyword(part, name))
        bits |= type;
  if (bits != 0)
    out.types = bits;
}

} // namespace

shape shape_of(const conjunction& parts) {
  shape out;
  for (const auto& part : parts) {
    if (const auto type = find_keyword(part, "type"))
      add_type(*type, out);
    add_values(part, out);
    add_counts(part, out);
    add_bounds(part, out);
    if (const auto pattern = find_keyword(part, "pattern"))
      out.patterns.push_back({text_of(*pattern), pattern->path});
    if (const auto format = find_keyword(part, "format"))
      out.formats.push_back({text_of(*format), format->path});
  }
  add_members(parts, out);
  add_elements(parts, out);
  if (!out.typed)
    infer_types(parts, out);
  return out;
}

} // namespace sluice::device
