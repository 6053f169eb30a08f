// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Typed access to a JSON object from a client: absent and null are the same,
// a wrong type or range is an error that names the field. Used by the request
// parsers; knows none of OpenAI's fields.
#pragma once

#include "actors/gateway/api_error.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::actors {

/// Leaves the parsers' inside only as a result: see parse_request.hpp.
class field_error : public std::runtime_error {
public:
  explicit field_error(api_error error)
      : std::runtime_error{error.message}, error_{std::move(error)} {}
  const api_error& error() const noexcept { return error_; }

private:
  api_error error_;
};

/// "a string", "a boolean", "an object", ...
std::string_view kind_of(const boost::json::value& value);

/// "'top_p' must be ...": throws field_error with `param` = `path`.
[[noreturn]] void refuse(std::string_view path, std::string_view must);

/// As refuse(), adding what was found: "..., not a string", "..., not 3.5".
[[noreturn]] void refuse(std::string_view path, std::string_view must,
                         const boost::json::value& found);

/// Parses a body: an object, at most 32 levels deep, valid UTF-8.
boost::json::object parse_body(std::string_view body);

/// A view of `values`, which must outlive it.
class fields {
public:
  /// `path` is put before names in errors: "messages[2].".
  explicit fields(const boost::json::object& values, std::string path = {})
      : values_{&values}, path_{std::move(path)} {}

  /// Null when absent or null.
  const boost::json::value* find(std::string_view name) const;
  std::string path(std::string_view name) const;

  std::optional<bool> boolean(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low,
                                      std::int64_t high) const;
  std::optional<double> number(std::string_view name, double low,
                               double high) const;
  std::optional<std::string_view> text(std::string_view name) const;
  const boost::json::object* object(std::string_view name) const;
  const boost::json::array* array(std::string_view name) const;

private:
  const boost::json::object* values_;
  std::string path_;
};

/// An integer within [low, high]; 3.0 is one, 3.5, "3" and true are not.
std::int64_t to_integer(const boost::json::value& value, std::string_view path,
                        std::int64_t low, std::int64_t high);

} // namespace sluice::actors
