// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Filters that look at a whole list, dict or text.

#include "device/chat/attribute_path.hpp"
#include "device/chat/filters.hpp"
#include "device/chat/operators.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

#include <algorithm>

namespace sluice::device::jinja {

namespace {

value count(renderer& r, const value& self, const arguments& args) {
  bound_arguments("length", args, {});
  std::size_t n = 0;
  switch (self.type) {
  case kind::undefined:
    break;
  case kind::text:
    r.memory().charge(self.size);
    n = length(self.text());
    break;
  case kind::mapping:
    n = self.dict->entries.size();
    break;
  case kind::sequence:
    if (self.list->type != flavor::generator) {
      n = self.list->items.size();
      break;
    }
    [[fallthrough]];
  default:
    throw fault("object of type '" + std::string(type_name(self))
                + "' has no len()");
  }
  return value::of_int(static_cast<std::int64_t>(n));
}

value copy_as(renderer& r, const value& self, flavor type) {
  sequence* out = make_sequence(r.memory(), type);
  for (const auto& item : r.iterate(self)->items)
    append(r.memory(), *out, item);
  return value::of(out);
}

value list(renderer& r, const value& self, const arguments& args) {
  bound_arguments("list", args, {});
  return copy_as(r, self, flavor::list);
}

value first(renderer& r, const value& self, const arguments& args) {
  bound_arguments("first", args, {});
  const auto& items = r.iterate(self)->items;
  return items.empty() ? value::missing("the first item of an empty sequence")
                       : items.front();
}

value last(renderer& r, const value& self, const arguments& args) {
  bound_arguments("last", args, {});
  const auto& items = r.iterate(self)->items;
  return items.empty() ? value::missing("the last item of an empty sequence")
                       : items.back();
}

value join(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("join", args, {"d", "attribute"});
  const std::string between =
      bound.has(0) ? to_string(r.memory(), *bound[0]) : "";
  std::string out;
  bool any = false;
  for (const auto& item : r.iterate(self)->items) {
    if (std::exchange(any, true))
      out += between;
    r.memory().charge(between.size());
    print(r.memory(),
          bound.is_none(1) ? item : attribute_of(r, item, *bound[1]), out);
  }
  return r.text(out);
}

value reverse(renderer& r, const value& self, const arguments& args) {
  bound_arguments("reverse", args, {});
  if (self.is(kind::text)) {
    const value minus = value::of_int(-1);
    return slice_of(r, self, nullptr, nullptr, &minus);
  }
  const value out = copy_as(r, self, flavor::generator);
  std::reverse(out.list->items.begin(), out.list->items.end());
  return out;
}

value items(renderer& r, const value& self, const arguments& args) {
  bound_arguments("items", args, {});
  sequence* out = make_sequence(r.memory(), flavor::generator);
  if (self.is(kind::undefined))
    return value::of(out);
  if (!self.is(kind::mapping))
    throw fault("Can only get item pairs from a mapping.");
  for (const auto& [key, item] : self.dict->entries) {
    sequence* pair = make_sequence(r.memory(), flavor::tuple);
    append(r.memory(), *pair, key);
    append(r.memory(), *pair, item);
    append(r.memory(), *out, value::of(pair));
  }
  return value::of(out);
}

/// What an item is sorted by: text without regard to case, unless wanted.
value folded(renderer& r, const value& v, bool case_sensitive) {
  if (case_sensitive || !v.is(kind::text))
    return v;
  return r.text(lower(v.text()));
}

void sort_by(renderer& r, std::vector<std::pair<value, value>>& keyed,
             bool descending) {
  r.memory().charge(keyed.size() * 64);
  std::stable_sort(
      keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        return descending ? compare(r.memory(), b.first, a.first) < 0
                          : compare(r.memory(), a.first, b.first) < 0;
      });
}

value sort(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("sort", args,
                              {"reverse", "case_sensitive", "attribute"});
  std::vector<std::pair<value, value>> keyed;
  for (const auto& item : r.iterate(self)->items)
    keyed.emplace_back(sort_key(r, item, bound.is_none(2) ? nullptr : bound[2],
                                bound.flag(1, false)),
                       item);
  sort_by(r, keyed, bound.flag(0, false));
  sequence* out = make_sequence(r.memory());
  for (const auto& [key, item] : keyed)
    append(r.memory(), *out, item);
  return value::of(out);
}

value dictsort(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("dictsort", args,
                              {"case_sensitive", "by", "reverse"});
  if (!self.is(kind::mapping))
    throw fault("dictsort wants a dict, not " + std::string(type_name(self)));
  const std::string_view by = bound.text(1, "key");
  if (by != "key" && by != "value")
    throw fault("You can only sort by either \"key\" or \"value\"");
  std::vector<std::pair<value, value>> keyed;
  for (const auto& [key, item] : self.dict->entries) {
    sequence* pair = make_sequence(r.memory(), flavor::tuple);
    append(r.memory(), *pair, key);
    append(r.memory(), *pair, item);
    keyed.emplace_back(
        folded(r, by == "key" ? key : item, bound.flag(0, false)),
        value::of(pair));
  }
  sort_by(r, keyed, bound.flag(2, false));
  sequence* out = make_sequence(r.memory());
  for (const auto& [key, pair] : keyed)
    append(r.memory(), *out, pair);
  return value::of(out);
}

value unique(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("unique", args, {"case_sensitive", "attribute"});
  mapping* seen = make_mapping(r.memory());
  sequence* out = make_sequence(r.memory(), flavor::generator);
  for (const auto& item : r.iterate(self)->items) {
    const value key = sort_key(r, item, bound.is_none(1) ? nullptr : bound[1],
                               bound.flag(0, false));
    if (seen->find(r.memory(), key))
      continue;
    seen->set(r.memory(), key, value::none());
    append(r.memory(), *out, item);
  }
  return value::of(out);
}

value extreme(renderer& r, const value& self, const arguments& args,
              std::string_view name, int wanted) {
  const bound_arguments bound(name, args, {"case_sensitive", "attribute"});
  const value* best = nullptr;
  value best_key;
  const auto& all = r.iterate(self)->items;
  for (const auto& item : all) {
    const value key = sort_key(r, item, bound.is_none(1) ? nullptr : bound[1],
                               bound.flag(0, false));
    if (!best || compare(r.memory(), key, best_key) == wanted) {
      best = &item;
      best_key = key;
    }
  }
  return best ? *best : value::missing("an item of an empty sequence");
}

value min(renderer& r, const value& self, const arguments& args) {
  return extreme(r, self, args, "min", -1);
}

value max(renderer& r, const value& self, const arguments& args) {
  return extreme(r, self, args, "max", 1);
}

value sum(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("sum", args, {"attribute", "start"});
  value total = bound.has(1) ? *bound[1] : value::of_int(0);
  for (const auto& item : r.iterate(self)->items)
    total = apply(r, binary_operator::add, total,
                  bound.is_none(0) ? item : attribute_of(r, item, *bound[0]));
  return total;
}

value batch(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("batch", args, {"linecount", "fill_with"}, 1);
  const std::int64_t n = bound.integer(0, 0);
  if (n < 1 || n > 100'000)
    throw fault("batch: a line count between 1 and 100000 is wanted");
  sequence* out = make_sequence(r.memory(), flavor::generator);
  sequence* row = nullptr;
  for (const auto& item : r.iterate(self)->items) {
    if (!row || row->items.size() == static_cast<std::size_t>(n)) {
      row = make_sequence(r.memory());
      append(r.memory(), *out, value::of(row));
    }
    append(r.memory(), *row, item);
  }
  while (row && !bound.is_none(1)
         && row->items.size() < static_cast<std::size_t>(n))
    append(r.memory(), *row, *bound[1]);
  return value::of(out);
}

constexpr named_filter table[] = {
    {"length", count},      {"count", count},   {"list", list},
    {"first", first},       {"last", last},     {"join", join},
    {"reverse", reverse},   {"items", items},   {"sort", sort},
    {"dictsort", dictsort}, {"unique", unique}, {"min", min},
    {"max", max},           {"sum", sum},       {"batch", batch},
};

} // namespace

std::span<const named_filter> sequence_filters() {
  return table;
}

} // namespace sluice::device::jinja
