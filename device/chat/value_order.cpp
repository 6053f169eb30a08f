// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Python's ==, < and hash.

#include "device/chat/value.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sluice::device::jinja {

namespace {

void enter(heap& memory, unsigned depth) {
  memory.charge(16);
  if (depth > max_value_depth)
    throw fault("a value is nested deeper than "
                + std::to_string(max_value_depth) + " levels");
}

bool equal_lists(heap& memory, const sequence& a, const sequence& b,
                 unsigned depth) {
  if (&a == &b)
    return true;
  if (a.type != b.type || a.items.size() != b.items.size()
      || a.type == flavor::generator)
    return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!equal(memory, a.items[i], b.items[i], depth + 1))
      return false;
  return true;
}

bool equal_dicts(heap& memory, mapping& a, mapping& b, unsigned depth) {
  if (&a == &b)
    return true;
  if (a.entries.size() != b.entries.size())
    return false;
  for (auto& [key, item] : a.entries) {
    const value* other = b.find(memory, key);
    if (!other || !equal(memory, item, *other, depth + 1))
      return false;
  }
  return true;
}

int sign(double a, double b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_numbers(const value& a, const value& b) {
  if (a.is(kind::real) || b.is(kind::real))
    return sign(as_real(a), as_real(b));
  const std::int64_t x = as_int(a), y = as_int(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

} // namespace

bool equal(heap& memory, const value& a, const value& b, unsigned depth) {
  enter(memory, depth);
  if (a.is_number() && b.is_number()) {
    if (a.is(kind::real) || b.is(kind::real))
      return as_real(a) == as_real(b);
    return as_int(a) == as_int(b);
  }
  if (a.type != b.type)
    return false;
  switch (a.type) {
  case kind::undefined:
  case kind::none:
    return true;
  case kind::text:
    return a.text() == b.text();
  case kind::sequence:
    return equal_lists(memory, *a.list, *b.list, depth);
  case kind::mapping:
    return equal_dicts(memory, *a.dict, *b.dict, depth);
  default:
    return a.thing == b.thing;
  }
}

int compare(heap& memory, const value& a, const value& b, std::string_view op,
            unsigned depth) {
  enter(memory, depth);
  require_defined(a);
  require_defined(b);
  if (a.is_number() && b.is_number())
    return compare_numbers(a, b);
  if (a.is(kind::text) && b.is(kind::text)) {
    memory.charge(std::min(a.size, b.size));
    const int c = a.text().compare(b.text());
    return c < 0 ? -1 : c > 0 ? 1 : 0;
  }
  if (a.is(kind::sequence) && b.is(kind::sequence)
      && a.list->type == b.list->type
      && (a.list->type == flavor::list || a.list->type == flavor::tuple)) {
    const auto &x = a.list->items, &y = b.list->items;
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i)
      if (!equal(memory, x[i], y[i], depth + 1))
        return compare(memory, x[i], y[i], op, depth + 1);
    return x.size() < y.size() ? -1 : x.size() > y.size() ? 1 : 0;
  }
  throw fault("'" + std::string(op) + "' not supported between instances of '"
              + std::string(type_name(a)) + "' and '"
              + std::string(type_name(b)) + "'");
}

std::size_t hash(heap& memory, const value& v, unsigned depth) {
  enter(memory, depth);
  switch (v.type) {
  case kind::text:
    return std::hash<std::string_view>{}(v.text());
  case kind::boolean:
  case kind::integer:
    return std::hash<std::int64_t>{}(as_int(v));
  case kind::real:
    if (std::abs(v.real) < 9e18 && v.real == std::floor(v.real))
      return std::hash<std::int64_t>{}(static_cast<std::int64_t>(v.real));
    return std::hash<double>{}(v.real);
  case kind::none:
  case kind::undefined:
    return static_cast<std::size_t>(v.type);
  case kind::object:
    return std::hash<const void*>{}(v.thing);
  case kind::sequence:
    if (v.list->type == flavor::tuple) {
      std::size_t h = 17;
      for (const auto& item : v.list->items)
        h = h * 1000003 + hash(memory, item, depth + 1);
      return h;
    }
    break;
  case kind::mapping:
    break;
  }
  throw fault("unhashable type: '" + std::string(type_name(v)) + "'");
}

} // namespace sluice::device::jinja
