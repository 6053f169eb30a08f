// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/schema_reader.hpp"

#include "device/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::device {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 15> annotations{
    "$comment",        "$id",         "$schema",
    "contentEncoding", "$defs",       "contentMediaType",
    "default",         "definitions", "deprecated",
    "description",     "example",     "examples",
    "readOnly",        "title",       "writeOnly"};

constexpr std::array<std::string_view, 25> keywords{"$ref",
                                                    "additionalItems",
                                                    "additionalProperties",
                                                    "allOf",
                                                    "anyOf",
                                                    "const",
                                                    "enum",
                                                    "exclusiveMaximum",
                                                    "exclusiveMinimum",
                                                    "format",
                                                    "items",
                                                    "maxItems",
                                                    "maxLength",
                                                    "maximum",
                                                    "minItems",
                                                    "minLength",
                                                    "minimum",
                                                    "multipleOf",
                                                    "oneOf",
                                                    "pattern",
                                                    "prefixItems",
                                                    "properties",
                                                    "required",
                                                    "type",
                                                    "uniqueItems"};

// "a~1b" means the member "a/b".
std::string unescape(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '~' && i + 1 < step.size()
        && (step[i + 1] == '0' || step[i + 1] == '1'))
      out.push_back(step[++i] == '0' ? '~' : '/');
    else if (unsigned byte = 0;
             step[i] == '%' && i + 2 < step.size()
             && std::from_chars(&step[i + 1], &step[i + 1] + 2, byte, 16).ptr
                    == &step[i + 1] + 2) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(step[i]);
    }
  }
  return out;
}

const json::value* step_into(const json::value& from, const std::string& step) {
  if (from.is_object())
    return from.get_object().if_contains(step);
  std::size_t index = 0;
  const auto* end = step.data() + step.size();
  if (!from.is_array() || step.empty()
      || std::from_chars(step.data(), end, index).ptr != end)
    return nullptr;
  return from.get_array().if_contains(index);
}

} // namespace

void refuse_schema(const std::string& path, const std::string& what) {
  throw model_error(path.empty() ? what : path + ": " + what);
}

schema_part schema_part::at(std::string_view key) const {
  return {&schema->get_object().at(key), path + "." + std::string{key}};
}

schema_part schema_part::at(std::size_t index) const {
  return {&schema->get_array().at(index),
          path + "[" + std::to_string(index) + "]"};
}

schema_part schema_reader::resolve(const schema_part& reference) const {
  auto pointer = text_of(reference);
  if (!pointer.starts_with('#'))
    refuse_schema(reference.path,
                  "only references within the schema (\"#/...\") are "
                  "supported");
  pointer.remove_prefix(1);
  const json::value* at = &root_;
  std::string path;
  while (at != nullptr && pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const auto step = unescape(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(std::min(pointer.find('/'), pointer.size()));
    at = step_into(*at, step);
    path += "." + step;
  }
  if (at == nullptr || !pointer.empty())
    refuse_schema(reference.path, "there is no schema at '"
                                      + std::string{text_of(reference)} + "'");
  return {at, path};
}

std::optional<schema_part> find_keyword(const schema_part& from,
                                        std::string_view name) {
  if (!from.schema->is_object() || !from.schema->get_object().contains(name))
    return std::nullopt;
  return from.at(name);
}

std::string_view text_of(const schema_part& keyword) {
  if (!keyword.schema->is_string())
    refuse_schema(keyword.path, "must be a string");
  return keyword.schema->get_string();
}

std::uint32_t count_of(const schema_part& keyword) {
  const auto& value = *keyword.schema;
  const double number = value.is_number() ? value.to_number<double>() : -1.0;
  if (!(number >= 0 && number <= std::numeric_limits<std::int32_t>::max())
      || std::trunc(number) != number)
    refuse_schema(keyword.path, "must be a whole number of at least 0");
  return static_cast<std::uint32_t>(number);
}

bool flag_of(const schema_part& keyword) {
  if (!keyword.schema->is_bool())
    refuse_schema(keyword.path, "must be true or false");
  return keyword.schema->get_bool();
}

double number_of(const schema_part& keyword) {
  if (!keyword.schema->is_number())
    refuse_schema(keyword.path, "must be a number");
  const auto value = keyword.schema->to_number<double>();
  if (!std::isfinite(value))
    refuse_schema(keyword.path, "must be a finite number");
  return value;
}

std::vector<schema_part> elements_of(const schema_part& keyword) {
  if (!keyword.schema->is_array() || keyword.schema->get_array().empty())
    refuse_schema(keyword.path, "must be an array, not empty");
  std::vector<schema_part> out;
  for (std::size_t i = 0; i < keyword.schema->get_array().size(); ++i)
    out.push_back(keyword.at(i));
  return out;
}

std::vector<std::pair<std::string_view, schema_part>>
members_of(const schema_part& keyword) {
  if (!keyword.schema->is_object())
    refuse_schema(keyword.path, "must be an object");
  std::vector<std::pair<std::string_view, schema_part>> out;
  for (const auto& member : keyword.schema->get_object())
    out.emplace_back(member.key(), keyword.at(member.key()));
  return out;
}

bool is_annotation(std::string_view name) {
  return name.starts_with("x-")
         || std::ranges::find(annotations, name) != annotations.end();
}

void check_schema(const schema_part& schema) {
  if (schema.schema->is_bool())
    return;
  if (!schema.schema->is_object())
    refuse_schema(schema.path, "a schema must be an object or a boolean");
  for (const auto& [name, part] : members_of(schema)) {
    if (is_annotation(name))
      continue;
    if (std::ranges::find(keywords, name) == keywords.end())
      refuse_schema(part.path, "this keyword is not supported");
    if (name == "uniqueItems" && flag_of(part))
      refuse_schema(part.path, "unique items are not supported");
  }
}

std::string decimal_text(const json::value& number) {
  if (number.is_int64())
    return std::to_string(number.get_int64());
  if (number.is_uint64())
    return std::to_string(number.get_uint64());
  char text[400]; // the longest double has 309 digits before the point
  const auto end = std::to_chars(text, text + sizeof text, number.get_double(),
                                 std::chars_format::fixed);
  return {text, end.ptr};
}

} // namespace sluice::device
