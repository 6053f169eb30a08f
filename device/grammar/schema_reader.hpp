// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A JSON Schema as it was written: typed look-ups of keywords, references, and
// refusals that name the place. Used by the parts of the JSON Schema front end;
// knows no grammar.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// A schema inside a document, and its path in it: ".properties.a".
struct schema_part {
  const boost::json::value* schema = nullptr;
  std::string path = {};

  schema_part at(std::string_view key) const; ///< of an object
  schema_part at(std::size_t index) const;    ///< of an array
};

/// Throws model_error: path, then ": ", then `what`.
[[noreturn]] void refuse_schema(const std::string& path,
                                const std::string& what);

class schema_reader {
public:
  explicit schema_reader(boost::json::value root) : root_(std::move(root)) {}

  schema_part root() const { return {&root_, ""}; }
  /// The schema that "#/..." means. Throws model_error.
  schema_part resolve(const schema_part& reference) const;

private:
  boost::json::value root_;
};

/// A member of a schema that is an object, or nothing.
std::optional<schema_part> find_keyword(const schema_part& from,
                                        std::string_view name);

// What a keyword's value is; they throw model_error when it is not.

std::string_view text_of(const schema_part& keyword);
std::uint32_t count_of(const schema_part& keyword); ///< 0 to 2^31 - 1
bool flag_of(const schema_part& keyword);
double number_of(const schema_part& keyword);
/// Elements of an array that is not empty.
std::vector<schema_part> elements_of(const schema_part& keyword);
/// Members of an object.
std::vector<std::pair<std::string_view, schema_part>>
members_of(const schema_part& keyword);

/// A schema is an object or a boolean; an object has no keyword that is not
/// supported. Throws model_error.
void check_schema(const schema_part& schema);

/// Whether `name` says nothing about what is valid (title, description, ...).
bool is_annotation(std::string_view name);

/// A finite number as plain decimal text ("0.001", "-12").
std::string decimal_text(const boost::json::value& number);

} // namespace sluice::device
