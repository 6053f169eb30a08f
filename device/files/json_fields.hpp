// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A JSON object read from a model folder, and typed look-ups whose errors name
// the file and the field. Used by the readers of config.json and of a
// safetensors index; knows no field.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Parses `text`, which must be one JSON object no deeper than 32. Throws
/// model_error that begins with `where`.
boost::json::object parse_json_object(std::string_view text,
                                      const std::string& where);

/// Reads a file that holds one JSON object, at most 64 MiB.
boost::json::object read_json_object(const std::filesystem::path& path);

/// Typed view of an object's fields. A field that is null counts as absent; one
/// of the wrong type throws model_error. Lives no longer than the object.
class json_fields {
public:
  /// `where` opens every error message: the file, or file and outer field.
  json_fields(const boost::json::object& object, std::string where);

  const std::string& where() const noexcept { return where_; }
  const boost::json::value* find(std::string_view key) const;

  std::optional<std::uint64_t> find_uint(std::string_view key) const;
  std::optional<double> find_number(std::string_view key) const;
  std::optional<bool> find_bool(std::string_view key) const;
  std::optional<std::string_view> find_string(std::string_view key) const;
  std::optional<json_fields> find_object(std::string_view key) const;
  /// Empty when absent.
  std::vector<double> find_numbers(std::string_view key) const;
  std::vector<std::uint64_t> find_uints(std::string_view key) const;
  std::vector<std::string_view> find_strings(std::string_view key) const;

  [[noreturn]] void fail(std::string_view key, std::string_view what) const;

private:
  const boost::json::array* find_array(std::string_view key) const;

  const boost::json::object* object_;
  std::string where_;
};

} // namespace sluice::device
