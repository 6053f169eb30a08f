// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Filters that apply an attribute, a test or another filter to each item.

#include "device/chat/attribute_path.hpp"
#include "device/chat/filters.hpp"
#include "device/chat/parser.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"
#include "device/chat/tests.hpp"

#include <algorithm>

namespace sluice::device::jinja {

value attribute_of(renderer& r, const value& item, const value& path) {
  if (!path.is(kind::text))
    return r.item(item, path);
  value v = item;
  std::string_view rest = path.text();
  while (true) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view part = rest.substr(0, dot);
    const bool number = !part.empty() && part.size() < 10
                        && std::all_of(part.begin(), part.end(), [](char c) {
                             return c >= '0' && c <= '9';
                           });
    v = r.item(v, number ? value::of_int(std::stoll(std::string(part)))
                         : value::of_text(part));
    if (dot == rest.size())
      return v;
    rest.remove_prefix(dot + 1);
  }
}

value sort_key(renderer& r, const value& item, const value* path,
               bool case_sensitive) {
  const value key = path ? attribute_of(r, item, *path) : item;
  if (case_sensitive || !key.is(kind::text))
    return key;
  r.memory().charge(key.size);
  return r.text(lower(key.text()));
}

namespace {

/// The filter's remaining arguments, from `from` on.
arguments rest_of(const arguments& args, std::size_t from) {
  arguments rest;
  rest.positional.assign(args.positional.begin()
                             + static_cast<std::ptrdiff_t>(from),
                         args.positional.end());
  rest.named = args.named;
  return rest;
}

value map(renderer& r, const value& self, const arguments& args) {
  sequence* out = make_sequence(r.memory(), flavor::generator);
  if (args.positional.empty()) {
    const bound_arguments bound("map", args, {"attribute", "default"});
    if (!bound.has(0))
      throw fault("map requires a filter argument");
    for (const auto& item : r.iterate(self)->items) {
      const value v = attribute_of(r, item, *bound[0]);
      append(r.memory(), *out,
             v.is(kind::undefined) && bound.has(1) ? *bound[1] : v);
    }
    return value::of(out);
  }
  const std::string name = to_string(r.memory(), args.positional[0]);
  const operation run = find_filter(name);
  if (!run)
    throw fault("unknown filter '" + name + "' in map"
                + suggestion(name, filter_names()));
  const arguments rest = rest_of(args, 1);
  for (const auto& item : r.iterate(self)->items)
    append(r.memory(), *out, run(r, item, rest));
  return value::of(out);
}

value chosen(renderer& r, const value& self, const arguments& args,
             bool by_attribute, bool wanted) {
  const std::size_t skip = by_attribute ? 1 : 0;
  if (args.positional.size() < skip)
    throw fault("Missing parameter for attribute name");
  predicate test = nullptr;
  arguments rest;
  if (args.positional.size() > skip) {
    const std::string name = to_string(r.memory(), args.positional[skip]);
    test = find_test(name);
    if (!test)
      throw fault("unknown test '" + name + "'"
                  + suggestion(name, test_names()));
    rest = rest_of(args, skip + 1);
  }
  sequence* out = make_sequence(r.memory(), flavor::generator);
  for (const auto& item : r.iterate(self)->items) {
    const value v =
        by_attribute ? attribute_of(r, item, args.positional[0]) : item;
    if ((test ? test(r, v, rest) : truthy(v)) == wanted)
      append(r.memory(), *out, item);
  }
  return value::of(out);
}

value select(renderer& r, const value& self, const arguments& args) {
  return chosen(r, self, args, false, true);
}

value reject(renderer& r, const value& self, const arguments& args) {
  return chosen(r, self, args, false, false);
}

value selectattr(renderer& r, const value& self, const arguments& args) {
  return chosen(r, self, args, true, true);
}

value rejectattr(renderer& r, const value& self, const arguments& args) {
  return chosen(r, self, args, true, false);
}

/// [(key, [items])], in the keys' order.
value groupby(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("groupby", args,
                              {"attribute", "default", "case_sensitive"}, 1);
  std::vector<std::pair<value, value>> keyed;
  for (const auto& item : r.iterate(self)->items) {
    value key = sort_key(r, item, bound[0], bound.flag(2, false));
    if (key.is(kind::undefined) && bound.has(1))
      key = *bound[1];
    keyed.emplace_back(key, item);
  }
  r.memory().charge(keyed.size() * 64);
  std::stable_sort(keyed.begin(), keyed.end(),
                   [&](const auto& a, const auto& b) {
                     return compare(r.memory(), a.first, b.first) < 0;
                   });
  sequence* out = make_sequence(r.memory());
  sequence* group = nullptr;
  value current;
  for (const auto& [key, item] : keyed) {
    if (!group || !equal(r.memory(), key, current)) {
      current = key;
      group = make_sequence(r.memory());
      sequence* pair = make_sequence(r.memory(), flavor::tuple);
      const value shown = attribute_of(r, item, *bound[0]);
      append(r.memory(), *pair, shown.is(kind::undefined) ? key : shown);
      append(r.memory(), *pair, value::of(group));
      append(r.memory(), *out, value::of(pair));
    }
    append(r.memory(), *group, item);
  }
  return value::of(out);
}

constexpr named_filter table[] = {
    {"map", map},
    {"select", select},
    {"reject", reject},
    {"selectattr", selectattr},
    {"rejectattr", rejectattr},
    {"groupby", groupby},
};

} // namespace

std::span<const named_filter> selection_filters() {
  return table;
}

} // namespace sluice::device::jinja
