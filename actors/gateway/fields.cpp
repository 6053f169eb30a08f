// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/fields.hpp"

#include "actors/gateway/json_text.hpp"

#include <boost/json/error.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::size_t depth_limit = 32; // levels of a body
constexpr std::size_t shown = 40;       // characters of a value in an error

// 3, 0.5, -2: what a person would write.
std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string range_text(const std::string& low, const std::string& high) {
  return "between " + low + " and " + high;
}

} // namespace

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return "null";
  case json::kind::bool_:
    return "a boolean";
  case json::kind::int64:
  case json::kind::uint64:
  case json::kind::double_:
    return "a number";
  case json::kind::string:
    return "a string";
  case json::kind::array:
    return "an array";
  case json::kind::object:
    return "an object";
  }
  return "a value";
}

void refuse(std::string_view path, std::string_view must) {
  api_error error;
  error.message = "'" + std::string{path} + "' " + std::string{must};
  error.param = path;
  throw field_error{std::move(error)};
}

void refuse(std::string_view path, std::string_view must,
            const json::value& found) {
  std::string what{kind_of(found)};
  if (found.is_number())
    what = json::serialize(found);
  if (found.is_string() && count_characters(found.get_string()) <= shown)
    what = "the string " + json::serialize(found);
  refuse(path, std::string{must} + ", not " + what);
}

json::object parse_body(std::string_view body) {
  if (const auto at = find_invalid_utf8(body))
    throw field_error{
        {400,
         "the body is not valid UTF-8 (byte " + std::to_string(*at) + ")",
         {},
         "invalid_utf8",
         0}};
  json::parse_options options;
  options.max_depth = depth_limit;
  json::parser parser{{}, options};
  json::error_code ec;
  const auto used = parser.write(body.data(), body.size(), ec);
  if (ec == json::error::too_deep)
    throw field_error{{400,
                       "the body nests deeper than "
                           + std::to_string(depth_limit) + " levels",
                       {},
                       "too_deep",
                       0}};
  if (ec)
    throw field_error{{400,
                       "the body is not JSON: " + ec.message() + " near byte "
                           + std::to_string(used),
                       {},
                       "invalid_json",
                       0}};
  auto value = parser.release();
  if (!value.is_object())
    throw field_error{
        {400,
         "the body must be a JSON object, not " + std::string{kind_of(value)},
         {},
         {},
         0}};
  return std::move(value.get_object());
}

const json::value* fields::find(std::string_view name) const {
  const auto* value = values_->if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::string fields::path(std::string_view name) const {
  return path_ + std::string{name};
}

std::optional<bool> fields::boolean(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr)
    return std::nullopt;
  if (!value->is_bool())
    refuse(path(name), "must be true or false", *value);
  return value->get_bool();
}

std::int64_t to_integer(const json::value& value, std::string_view path,
                        std::int64_t low, std::int64_t high) {
  std::optional<std::int64_t> out;
  if (value.is_int64())
    out = value.get_int64();
  else if (value.is_double()
           && std::trunc(value.get_double()) == value.get_double()
           && std::abs(value.get_double()) < 9e15)
    out = static_cast<std::int64_t>(value.get_double());
  else if (!value.is_uint64())
    refuse(path, "must be an integer", value);
  if (!out || *out < low || *out > high)
    refuse(path,
           "must be an integer "
               + range_text(std::to_string(low), std::to_string(high)),
           value);
  return *out;
}

std::optional<std::int64_t> fields::integer(std::string_view name,
                                            std::int64_t low,
                                            std::int64_t high) const {
  const auto* value = find(name);
  if (value == nullptr)
    return std::nullopt;
  return to_integer(*value, path(name), low, high);
}

std::optional<double> fields::number(std::string_view name, double low,
                                     double high) const {
  const auto* value = find(name);
  if (value == nullptr)
    return std::nullopt;
  if (!value->is_number())
    refuse(path(name), "must be a number", *value);
  const auto out = value->to_number<double>();
  if (!(out >= low && out <= high)) // also refuses what overflowed
    refuse(path(name),
           "must be " + range_text(number_text(low), number_text(high)),
           *value);
  return out;
}

std::optional<std::string_view> fields::text(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr)
    return std::nullopt;
  if (!value->is_string())
    refuse(path(name), "must be a string", *value);
  return value->get_string();
}

const json::object* fields::object(std::string_view name) const {
  const auto* value = find(name);
  if (value != nullptr && !value->is_object())
    refuse(path(name), "must be an object", *value);
  return value == nullptr ? nullptr : &value->get_object();
}

const json::array* fields::array(std::string_view name) const {
  const auto* value = find(name);
  if (value != nullptr && !value->is_array())
    refuse(path(name), "must be an array", *value);
  return value == nullptr ? nullptr : &value->get_array();
}

} // namespace sluice::actors
