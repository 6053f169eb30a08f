// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Values against schemas: which values of an enum the other keywords allow, and
// which branches of a oneOf exclude each other.
#include "device/grammar/schema_shape.hpp"
#include "device/grammar/schema_strings.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::device {

namespace json = boost::json;

namespace {

constexpr std::size_t deepest = 32; // levels of schemas compared

json_type type_of(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return null_type;
  case json::kind::bool_:
    return boolean_type;
  case json::kind::object:
    return object_type;
  case json::kind::array:
    return array_type;
  case json::kind::string:
    return string_type;
  default:
    return number_type;
  }
}

bool fits_number(const shape& what, double value) {
  if (what.whole && std::trunc(value) != value)
    return false;
  if (what.least) {
    const auto least = number_of(*what.least);
    if (value < least || (what.above && value == least))
      return false;
  }
  if (what.most) {
    const auto most = number_of(*what.most);
    if (value > most || (what.below && value == most))
      return false;
  }
  return std::ranges::all_of(what.multiples, [value](const schema_part& part) {
    const auto ratio = value / number_of(part);
    return std::abs(ratio - std::round(ratio)) < 1e-9;
  });
}

bool fits_string(const shape& what, std::string_view value) {
  work_budget budget;
  return matches(content_machine(what, budget), value);
}

// Whether a document of this shape may have no member `name`, or must not.
bool forbids(const shape& what, const shape::property& other) {
  const auto own =
      std::ranges::find(what.properties, other.name, &shape::property::name);
  if (own != what.properties.end())
    return false;
  return std::ranges::any_of(what.additional, [](const schema_part& part) {
    return part.schema->is_bool() && !part.schema->get_bool();
  });
}

class comparison {
public:
  comparison(const schema_reader& reader, std::size_t depth)
      : reader_{reader}, depth_{depth} {}

  bool are_disjoint(const conjunction& left, const conjunction& right) {
    const auto a = shape_of(left);
    const auto b = shape_of(right);
    if (a.values)
      return none_satisfies(*a.values, left, right);
    if (b.values)
      return none_satisfies(*b.values, right, left);
    const auto both = a.types & b.types;
    if ((both & (null_type | boolean_type | array_type)) != 0)
      return false;
    return ((both & object_type) == 0 || objects(a, b) || objects(b, a))
           && ((both & number_type) == 0 || numbers(a, b) || numbers(b, a))
           && ((both & string_type) == 0 || strings(a, b));
  }

private:
  bool none_satisfies(const conjunction& values, const conjunction& own,
                      const conjunction& other) {
    return std::ranges::none_of(values, [&](const schema_part& value) {
      return satisfies(reader_, *value.schema, own, depth_ + 1)
             && satisfies(reader_, *value.schema, other, depth_ + 1);
    });
  }

  bool objects(const shape& a, const shape& b) {
    return std::ranges::any_of(a.properties, [&](const auto& mine) {
      if (!mine.required)
        return false;
      if (forbids(b, mine))
        return true;
      const auto other =
          std::ranges::find(b.properties, mine.name, &shape::property::name);
      return other != b.properties.end() && other->required
             && device::are_disjoint(reader_, mine.parts, other->parts,
                                     depth_ + 1);
    });
  }

  static bool numbers(const shape& a, const shape& b) {
    if (!a.most || !b.least)
      return false;
    const auto most = number_of(*a.most);
    const auto least = number_of(*b.least);
    return most < least || (most == least && (a.below || b.above));
  }

  static bool strings(const shape& a, const shape& b) {
    work_budget budget;
    return intersect(content_machine(a, budget), content_machine(b, budget),
                     budget)
        .is_empty();
  }

  const schema_reader& reader_;
  std::size_t depth_;
};

class matching {
public:
  matching(const schema_reader& reader, std::size_t depth)
      : reader_{reader}, depth_{depth} {}

  bool fits(const json::value& value, const conjunction& parts) {
    // A plain schema that infers no types, as validation has it.
    auto what = shape_of(parts);
    if (what.typed && (what.types & type_of(value)) == 0)
      return false;
    for (const auto& part : parts)
      if (!is_listed(value, part))
        return false;
    switch (value.kind()) {
    case json::kind::object:
      return fits_object(what, value.get_object());
    case json::kind::array:
      return fits_array(what, value.get_array());
    case json::kind::string:
      return fits_string(what, value.get_string());
    case json::kind::null:
    case json::kind::bool_:
      return true;
    default:
      return fits_number(what, value.to_number<double>());
    }
  }

private:
  static bool is_listed(const json::value& value, const schema_part& part) {
    if (const auto keyword = find_keyword(part, "const"))
      if (*keyword->schema != value)
        return false;
    const auto keyword = find_keyword(part, "enum");
    return !keyword
           || std::ranges::any_of(
               elements_of(*keyword),
               [&](const schema_part& one) { return *one.schema == value; });
  }

  bool holds(const json::value& value, const conjunction& parts) {
    return satisfies(reader_, value, parts, depth_ + 1);
  }

  bool fits_object(const shape& what, const json::object& value) {
    for (const auto& property : what.properties) {
      const auto* member = value.if_contains(property.name);
      if (member == nullptr ? property.required
                            : !holds(*member, property.parts))
        return false;
    }
    return std::ranges::all_of(value, [&](const auto& member) {
      const auto declared = std::ranges::find(what.properties, member.key(),
                                              &shape::property::name);
      return declared != what.properties.end()
             || holds(member.value(), what.additional);
    });
  }

  bool fits_array(const shape& what, const json::array& value) {
    if (value.size() < what.min_items
        || value.size() > what.max_items.value_or(0xFFFFFFFFu))
      return false;
    for (std::size_t i = 0; i < value.size(); ++i)
      if (!holds(value[i],
                 i < what.prefix.size() ? what.prefix[i] : what.items))
        return false;
    return true;
  }

  const schema_reader& reader_;
  std::size_t depth_;
};

void check_depth(std::size_t depth, const conjunction& parts) {
  if (depth > deepest)
    refuse_schema(parts.empty() ? "" : parts.front().path,
                  "the schema nests too deeply to be compared");
}

} // namespace

bool satisfies(const schema_reader& reader, const json::value& value,
               const conjunction& parts, std::size_t depth) {
  check_depth(depth, parts);
  return std::ranges::any_of(alternatives_of(reader, parts),
                             [&](const conjunction& one) {
                               return matching{reader, depth}.fits(value, one);
                             });
}

bool are_disjoint(const schema_reader& reader, const conjunction& a,
                  const conjunction& b, std::size_t depth) {
  check_depth(depth, a);
  const auto rights = alternatives_of(reader, b);
  return std::ranges::all_of(
      alternatives_of(reader, a), [&](const conjunction& left) {
        return std::ranges::all_of(rights, [&](const conjunction& right) {
          return comparison{reader, depth}.are_disjoint(left, right);
        });
      });
}

void check_exclusive(const schema_reader& reader,
                     const std::vector<schema_part>& branches) {
  for (std::size_t i = 0; i < branches.size(); ++i)
    for (std::size_t j = i + 1; j < branches.size(); ++j)
      if (!are_disjoint(reader, {branches[i]}, {branches[j]}))
        refuse_schema(branches[j].path,
                      "a value may hold for this branch of oneOf and for "
                      "branch "
                          + std::to_string(i)
                          + "; make them differ (by type, const, enum or a "
                            "required member), or use anyOf");
}

} // namespace sluice::device
