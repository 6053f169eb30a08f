// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/json_fields.hpp"

#include "device/error.hpp"
#include "device/files/mapped_file.hpp"
#include "device/files/shown.hpp"

#include <algorithm>
#include <utility>

namespace sluice::device {

namespace json = boost::json;

namespace {

constexpr std::size_t max_json_bytes = std::size_t{64} << 20;

std::optional<std::uint64_t> as_uint(const json::value& value) {
  if (value.is_uint64()) {
    return value.get_uint64();
  }
  if (value.is_int64() && value.get_int64() >= 0) {
    return static_cast<std::uint64_t>(value.get_int64());
  }
  return {};
}

std::optional<double> as_number(const json::value& value) {
  if (value.is_number()) {
    return value.to_number<double>();
  }
  return {};
}

/// The key for a message: bare if it is one of ours, else in quotes.
std::string name_of(std::string_view key) {
  const bool bare = std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return bare && key.size() < 40 ? std::string(key) : shown(key);
}

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

} // namespace

json::object parse_json_object(std::string_view text,
                               const std::string& where) {
  json::error_code error;
  json::stream_parser parser;
  const auto used = parser.write_some(text, error);
  if (!error && used < text.size()
      && text.find_first_not_of(" \t\r\n", used) != text.npos) {
    error = json::error::extra_data;
  }
  if (!error && !parser.done()) {
    parser.finish(error);
  }
  if (error) {
    throw model_error(where + ": is not valid JSON near byte "
                      + std::to_string(used) + ": " + error.message());
  }
  auto value = parser.release();
  if (!value.is_object()) {
    throw model_error(where + ": does not hold a JSON object");
  }
  return std::move(value.get_object());
}

json::object read_json_object(const std::filesystem::path& path) {
  const mapped_file file(path);
  const auto bytes = file.bytes();
  if (bytes.size() > max_json_bytes) {
    throw model_error(path.string() + ": is larger than 64 MiB");
  }
  return parse_json_object(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
      path.string());
}

json_fields::json_fields(const json::object& object, std::string where)
    : object_(&object), where_(std::move(where)) {}

const json::value* json_fields::find(std::string_view key) const {
  const auto* value = object_->if_contains({key.data(), key.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::uint64_t>
json_fields::find_uint(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto number = as_uint(*value)) {
    return number;
  }
  fail(key, "must be an integer of 0 or more");
}

std::optional<double> json_fields::find_number(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto number = as_number(*value)) {
    return number;
  }
  fail(key, "must be a number");
}

std::optional<bool> json_fields::find_bool(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_bool()) {
    fail(key, "must be true or false");
  }
  return value->get_bool();
}

std::optional<std::string_view>
json_fields::find_string(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_string()) {
    fail(key, "must be a string");
  }
  return view(value->get_string());
}

std::optional<json_fields>
json_fields::find_object(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_object()) {
    fail(key, "must be an object");
  }
  return json_fields(value->get_object(), where_ + ": " + name_of(key));
}

const json::array* json_fields::find_array(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return nullptr;
  }
  if (!value->is_array()) {
    fail(key, "must be a list");
  }
  return &value->get_array();
}

std::vector<double> json_fields::find_numbers(std::string_view key) const {
  std::vector<double> result;
  if (const auto* list = find_array(key)) {
    for (const auto& element : *list) {
      const auto number = as_number(element);
      if (!number) {
        fail(key, "must be a list of numbers");
      }
      result.push_back(*number);
    }
  }
  return result;
}

std::vector<std::uint64_t> json_fields::find_uints(std::string_view key) const {
  std::vector<std::uint64_t> result;
  if (const auto* list = find_array(key)) {
    for (const auto& element : *list) {
      const auto number = as_uint(element);
      if (!number) {
        fail(key, "must be a list of integers of 0 or more");
      }
      result.push_back(*number);
    }
  }
  return result;
}

std::vector<std::string_view>
json_fields::find_strings(std::string_view key) const {
  std::vector<std::string_view> result;
  if (const auto* list = find_array(key)) {
    for (const auto& element : *list) {
      if (!element.is_string()) {
        fail(key, "must be a list of strings");
      }
      result.push_back(view(element.get_string()));
    }
  }
  return result;
}

void json_fields::fail(std::string_view key, std::string_view what) const {
  throw model_error(where_ + ": " + name_of(key) + " " + std::string(what));
}

} // namespace sluice::device
