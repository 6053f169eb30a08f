// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/json_file.hpp"

#include "device/error.hpp"
#include "device/files/mapped_file.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>

#include <limits>

namespace sluice::device {

namespace json = boost::json;

json_file::json_file(const std::filesystem::path& path) : path_(path) {
  const mapped_file file(path);
  const auto bytes = file.bytes();
  if (bytes.size() > max_json_bytes)
    fail("has " + std::to_string(bytes.size()) + " bytes; at most "
         + std::to_string(max_json_bytes) + " are read");
  // One arena for the whole tree: freed at once, when loading is done.
  json::parser parser(json::make_shared_resource<json::monotonic_resource>());
  boost::system::error_code error;
  const auto done = parser.write(reinterpret_cast<const char*>(bytes.data()),
                                 bytes.size(), error);
  if (error)
    fail("is not valid JSON: " + error.message() + " at byte "
         + std::to_string(done));
  root_ = parser.release();
}

void json_file::fail(const std::string& what) const {
  throw model_error(path_.string() + ": " + what);
}

const json::object& json_file::object(const json::value& value,
                                      std::string_view name) const {
  if (!value.is_object())
    fail(std::string(name) + " must be an object");
  return value.get_object();
}

const json::array& json_file::array(const json::value& value,
                                    std::string_view name) const {
  if (!value.is_array())
    fail(std::string(name) + " must be an array");
  return value.get_array();
}

std::string_view json_file::string(const json::value& value,
                                   std::string_view name) const {
  if (!value.is_string())
    fail(std::string(name) + " must be a string");
  const auto& text = value.get_string();
  return {text.data(), text.size()};
}

std::int32_t json_file::id(const json::value& value,
                           std::string_view name) const {
  const auto* number = value.if_int64();
  if (number == nullptr || *number < 0
      || *number > std::numeric_limits<std::int32_t>::max())
    fail(std::string(name) + " must be a token id from 0 to 2147483647");
  return static_cast<std::int32_t>(*number);
}

const json::value* json_file::find(const json::object& from,
                                   std::string_view key) const {
  const auto* value = from.if_contains({key.data(), key.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value& json_file::require(const json::object& from,
                                      std::string_view key) const {
  const auto* value = find(from, key);
  if (value == nullptr)
    fail("'" + std::string(key) + "' is missing");
  return *value;
}

bool json_file::flag(const json::object& from, std::string_view key,
                     bool otherwise) const {
  const auto* value = find(from, key);
  if (value == nullptr)
    return otherwise;
  if (!value->is_bool())
    fail("'" + std::string(key) + "' must be true or false");
  return value->get_bool();
}

std::string_view json_file::text(const json::object& from, std::string_view key,
                                 std::string_view otherwise) const {
  const auto* value = find(from, key);
  return value == nullptr ? otherwise : string(*value, key);
}

} // namespace sluice::device
