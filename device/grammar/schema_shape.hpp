// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What several schemas say together about one value, once references and
// combinations (allOf, anyOf, oneOf) are resolved. The middle of the JSON
// Schema front end: read by what checks values and by what writes the grammar.
#pragma once

#include "device/grammar/schema_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::device {

/// Schemas that all hold for one value.
using conjunction = std::vector<schema_part>;

/// JSON's types as bits.
enum json_type : std::uint8_t {
  null_type = 1,
  boolean_type = 2,
  object_type = 4,
  array_type = 8,
  number_type = 16,
  string_type = 32,
  any_type = 63,
};

/// A keyword's value that is kept with its place.
template <class T>
struct placed {
  T value;
  std::string path;
};

struct shape {
  std::uint8_t types = any_type; ///< json_type bits
  bool typed = false;            ///< `type` was said
  bool whole = false;            ///< numbers are integers
  /// What enum and const leave; each is still to be checked against the rest.
  std::optional<conjunction> values;

  struct property {
    std::string name;
    conjunction parts;
    bool required = false;
  };
  std::vector<property> properties; ///< as declared, then as required
  bool declares_properties = false;
  bool says_additional = false;
  conjunction additional; ///< all hold for members that are not declared

  std::vector<conjunction> prefix; ///< the first elements
  bool says_items = false;
  conjunction items; ///< all hold for elements after the prefix
  std::uint32_t min_items = 0;
  std::optional<std::uint32_t> max_items;

  std::vector<placed<std::string_view>> patterns;
  std::vector<placed<std::string_view>> formats;
  std::uint32_t min_length = 0; ///< characters
  std::optional<std::uint32_t> max_length;

  std::optional<schema_part> least; ///< the largest minimum
  bool above = false;               ///< it is exclusive
  std::optional<schema_part> most;  ///< the smallest maximum
  bool below = false;
  conjunction multiples; ///< multipleOf

  bool has_bounds() const { return least || most || !multiples.empty(); }
};

/// The conjunctions, free of references and combinations, of which one must
/// hold; none: nothing is valid. Throws model_error for what is not supported,
/// for oneOf whose branches cannot be told apart, and when there are too many.
std::vector<conjunction> alternatives_of(const schema_reader& reader,
                                         const conjunction& parts);

/// What the parts of an alternative say together. Throws model_error.
shape shape_of(const conjunction& parts);

/// Whether `value` is valid. Throws model_error.
bool satisfies(const schema_reader& reader, const boost::json::value& value,
               const conjunction& parts, std::size_t depth = 0);

/// Whether surely no value is valid for both.
bool are_disjoint(const schema_reader& reader, const conjunction& a,
                  const conjunction& b, std::size_t depth = 0);

/// Throws model_error when two branches of a oneOf may hold for one value.
void check_exclusive(const schema_reader& reader,
                     const std::vector<schema_part>& branches);

} // namespace sluice::device
