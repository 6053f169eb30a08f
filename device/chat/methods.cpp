// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Methods of list, tuple and dict.

#include "device/chat/methods.hpp"

#include "device/chat/callables.hpp"

#include <algorithm>

namespace sluice::device::jinja {

namespace {

value list_append(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("append", args, {"object"}, 1);
  append(r.memory(), *self.list, *bound[0]);
  return value::none();
}

value list_extend(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("extend", args, {"iterable"}, 1);
  const auto more = r.iterate(*bound[0])->items; // a copy: it may be self
  for (const auto& item : more)
    append(r.memory(), *self.list, item);
  return value::none();
}

/// `index` from the front of a list of n; n when out of bounds.
std::size_t place(std::int64_t index, std::size_t n) {
  const auto size = static_cast<std::int64_t>(n);
  if (index < 0)
    index += size;
  return index < 0 || index >= size ? n : static_cast<std::size_t>(index);
}

value list_pop(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("pop", args, {"index"});
  auto& items = self.list->items;
  if (items.empty())
    throw fault("pop from empty list");
  const std::size_t at = place(bound.integer(0, -1), items.size());
  if (at == items.size())
    throw fault("pop index out of range");
  r.memory().charge((items.size() - at) * sizeof(value));
  const value taken = items[at];
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
  return taken;
}

value list_insert(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("insert", args, {"index", "object"}, 2);
  auto& items = self.list->items;
  const auto n = static_cast<std::int64_t>(items.size());
  std::int64_t at = bound.integer(0, 0);
  at = std::clamp<std::int64_t>(at < 0 ? at + n : at, 0, n);
  r.memory().charge(sizeof(value) * (items.size() + 2));
  items.insert(items.begin() + at, *bound[1]);
  return value::none();
}

std::size_t position(renderer& r, const sequence& list, const value& wanted) {
  std::size_t at = 0;
  while (at < list.items.size() && !equal(r.memory(), list.items[at], wanted))
    ++at;
  return at;
}

value list_remove(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("remove", args, {"value"}, 1);
  auto& items = self.list->items;
  const std::size_t at = position(r, *self.list, *bound[0]);
  if (at == items.size())
    throw fault("list.remove(x): x not in list");
  r.memory().charge((items.size() - at) * sizeof(value));
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
  return value::none();
}

value list_index(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("index", args, {"value"}, 1);
  const std::size_t at = position(r, *self.list, *bound[0]);
  if (at == self.list->items.size())
    throw fault(repr(r.memory(), *bound[0]) + " is not in list");
  return value::of_int(static_cast<std::int64_t>(at));
}

value list_count(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("count", args, {"value"}, 1);
  std::int64_t n = 0;
  for (const auto& item : self.list->items)
    n += equal(r.memory(), item, *bound[0]);
  return value::of_int(n);
}

value list_reverse(renderer& r, const value& self, const arguments&) {
  r.memory().charge(self.list->items.size() * sizeof(value));
  std::reverse(self.list->items.begin(), self.list->items.end());
  return value::none();
}

value list_copy(renderer& r, const value& self, const arguments&) {
  sequence* out = make_sequence(r.memory());
  for (const auto& item : self.list->items)
    append(r.memory(), *out, item);
  return value::of(out);
}

value list_clear(renderer&, const value& self, const arguments&) {
  self.list->items.clear();
  return value::none();
}

value dict_get(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("get", args, {"key", "default"}, 1);
  if (const value* found = self.dict->find(r.memory(), *bound[0]))
    return *found;
  return bound.has(1) ? *bound[1] : value::none();
}

value view(renderer& r, const value& self, flavor type) {
  sequence* out = make_sequence(r.memory(), type);
  out->items.reserve(self.dict->entries.size());
  for (const auto& [key, item] : self.dict->entries) {
    if (type == flavor::items) {
      sequence* pair = make_sequence(r.memory(), flavor::tuple);
      pair->items.reserve(2);
      append(r.memory(), *pair, key);
      append(r.memory(), *pair, item);
      append(r.memory(), *out, value::of(pair));
    } else {
      append(r.memory(), *out, type == flavor::keys ? key : item);
    }
  }
  return value::of(out);
}

value dict_items(renderer& r, const value& self, const arguments& args) {
  bound_arguments("items", args, {});
  return view(r, self, flavor::items);
}

value dict_keys(renderer& r, const value& self, const arguments& args) {
  bound_arguments("keys", args, {});
  return view(r, self, flavor::keys);
}

value dict_values(renderer& r, const value& self, const arguments& args) {
  bound_arguments("values", args, {});
  return view(r, self, flavor::values);
}

value dict_pop(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("pop", args, {"key", "default"}, 1);
  if (const value* found = self.dict->find(r.memory(), *bound[0])) {
    const value taken = *found;
    self.dict->erase(r.memory(), *bound[0]);
    return taken;
  }
  if (!bound.has(1))
    throw fault("KeyError: " + repr(r.memory(), *bound[0]));
  return *bound[1];
}

value dict_setdefault(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("setdefault", args, {"key", "default"}, 1);
  if (const value* found = self.dict->find(r.memory(), *bound[0]))
    return *found;
  const value made = bound.has(1) ? *bound[1] : value::none();
  self.dict->set(r.memory(), *bound[0], made);
  return made;
}

value dict_update(renderer& r, const value& self, const arguments& args) {
  for (const auto& other : args.positional) {
    if (!other.is(kind::mapping))
      throw fault("update() wants a dict, not "
                  + std::string(type_name(other)));
    const auto entries = other.dict->entries; // a copy: it may be self
    for (const auto& [key, item] : entries)
      self.dict->set(r.memory(), key, item);
  }
  for (const auto& [name, item] : args.named)
    self.dict->set(r.memory(), value::of_text(name), item);
  return value::none();
}

value dict_copy(renderer& r, const value& self, const arguments&) {
  mapping* out = make_mapping(r.memory());
  for (const auto& [key, item] : self.dict->entries)
    out->set(r.memory(), key, item);
  return value::of(out);
}

using named_method = std::pair<std::string_view, operation>;

constexpr named_method tuple_methods[] = {{"index", list_index},
                                          {"count", list_count}};
constexpr named_method list_methods[] = {
    {"append", list_append}, {"extend", list_extend}, {"pop", list_pop},
    {"insert", list_insert}, {"remove", list_remove}, {"reverse", list_reverse},
    {"copy", list_copy},     {"clear", list_clear},   {"index", list_index},
    {"count", list_count}};
constexpr named_method dict_methods[] = {
    {"get", dict_get},       {"items", dict_items},
    {"keys", dict_keys},     {"values", dict_values},
    {"pop", dict_pop},       {"setdefault", dict_setdefault},
    {"update", dict_update}, {"copy", dict_copy}};

template <std::size_t N>
operation search(const named_method (&table)[N], std::string_view name) {
  for (const auto& [known, run] : table)
    if (known == name)
      return run;
  return nullptr;
}

} // namespace

object* find_method(renderer& r, const value& self, std::string_view name) {
  operation run = nullptr;
  if (self.is(kind::text))
    run = find_text_method(name);
  else if (self.is(kind::mapping))
    run = search(dict_methods, name);
  else if (self.is(kind::sequence) && self.list->type == flavor::list)
    run = search(list_methods, name);
  else if (self.is(kind::sequence) && self.list->type == flavor::tuple)
    run = search(tuple_methods, name);
  return run ? r.memory().make<bound_method>(run, self) : nullptr;
}

} // namespace sluice::device::jinja
