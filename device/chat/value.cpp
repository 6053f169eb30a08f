// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/value.hpp"

#include "device/chat/arguments.hpp"

#include <cmath>

namespace sluice::device::jinja {

namespace {
constexpr std::size_t searched_entries = 16;

[[noreturn]] void too_deep() {
  throw fault("a value is nested deeper than " + std::to_string(max_value_depth)
              + " levels");
}
} // namespace

value value::none() {
  value v;
  v.type = kind::none;
  return v;
}
value value::of_bool(bool b) {
  value v;
  v.type = kind::boolean;
  v.boolean = b;
  return v;
}
value value::of_int(std::int64_t i) {
  value v;
  v.type = kind::integer;
  v.integer = i;
  return v;
}
value value::of_real(double d) {
  value v;
  v.type = kind::real;
  v.real = d;
  return v;
}
value value::of_text(std::string_view s) {
  value v;
  v.type = kind::text;
  v.chars = s.data();
  v.size = s.size();
  return v;
}
value value::of(sequence* s) {
  value v;
  v.type = kind::sequence;
  v.list = s;
  return v;
}
value value::of(mapping* m) {
  value v;
  v.type = kind::mapping;
  v.dict = m;
  return v;
}
value value::of(object* o) {
  value v;
  v.type = kind::object;
  v.thing = o;
  return v;
}
value value::missing(std::string_view name, kind owner) {
  value v;
  v.origin = owner;
  v.chars = name.data();
  v.size = name.size();
  return v;
}

bool value::is_number() const {
  return type == kind::boolean || type == kind::integer || type == kind::real;
}

bool sequence::indexable() const {
  return type == flavor::list || type == flavor::tuple || type == flavor::range;
}

value object::attribute(renderer&, std::string_view name) {
  return value::missing(name, kind::object);
}
bool object::set_attribute(renderer&, std::string_view, const value&) {
  return false;
}
value object::call(renderer&, const arguments&) {
  throw fault("'" + std::string(type_name()) + "' object is not callable");
}
void object::print(heap&, std::string& out, unsigned) const {
  out.append("<").append(type_name()).append(">");
}

value* mapping::find(std::string_view key) {
  if (entries.size() <= searched_entries) {
    for (auto& [k, v] : entries)
      if (k.is(kind::text) && k.text() == key)
        return &v;
    return nullptr;
  }
  auto [from, to] = index.equal_range(std::hash<std::string_view>{}(key));
  for (; from != to; ++from) {
    auto& [k, v] = entries[from->second];
    if (k.is(kind::text) && k.text() == key)
      return &v;
  }
  return nullptr;
}

value* mapping::find(heap& memory, const value& key) {
  if (key.is(kind::text))
    return find(key.text());
  const std::size_t h = hash(memory, key);
  if (entries.size() <= searched_entries) {
    for (auto& [k, v] : entries)
      if (equal(memory, k, key))
        return &v;
    return nullptr;
  }
  auto [from, to] = index.equal_range(h);
  for (; from != to; ++from)
    if (equal(memory, entries[from->second].first, key))
      return &entries[from->second].second;
  return nullptr;
}

void mapping::set(heap& memory, const value& key, const value& item) {
  if (value* old = find(memory, key)) {
    *old = item;
    return;
  }
  memory.charge(2 * sizeof(std::pair<value, value>));
  const std::size_t h = hash(memory, key);
  entries.emplace_back(key, item);
  if (entries.size() == searched_entries + 1) {
    index.clear();
    for (std::size_t i = 0; i + 1 < entries.size(); ++i)
      index.emplace(hash(memory, entries[i].first), i);
  }
  if (entries.size() > searched_entries) {
    memory.charge(64);
    index.emplace(h, entries.size() - 1);
  }
}

bool mapping::erase(heap& memory, const value& key) {
  value* found = find(memory, key);
  if (!found)
    return false;
  memory.charge(entries.size() * 64);
  std::size_t at = 0;
  while (&entries[at].second != found)
    ++at;
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  index.clear();
  if (entries.size() > searched_entries)
    for (std::size_t i = 0; i < entries.size(); ++i)
      index.emplace(hash(memory, entries[i].first), i);
  return true;
}

sequence* make_sequence(heap& memory, flavor type) {
  sequence* made = memory.make<sequence>(memory.memory());
  made->type = type;
  return made;
}

mapping* make_mapping(heap& memory) {
  return memory.make<mapping>(memory.memory());
}

void append(heap& memory, sequence& list, const value& item) {
  memory.charge(2 * sizeof(value));
  list.items.push_back(item);
}

value from_json(heap& memory, const boost::json::array& json, unsigned depth) {
  sequence* list = make_sequence(memory);
  list->items.reserve(json.size());
  for (const auto& item : json)
    append(memory, *list, from_json(memory, item, depth + 1));
  return value::of(list);
}

value from_json(heap& memory, const boost::json::value& json, unsigned depth) {
  namespace bj = boost::json;
  if (depth > max_value_depth)
    too_deep();
  switch (json.kind()) {
  case bj::kind::null:
    return value::none();
  case bj::kind::bool_:
    return value::of_bool(json.get_bool());
  case bj::kind::int64:
    return value::of_int(json.get_int64());
  case bj::kind::uint64:
    if (json.get_uint64() <= INT64_MAX)
      return value::of_int(static_cast<std::int64_t>(json.get_uint64()));
    return value::of_real(static_cast<double>(json.get_uint64()));
  case bj::kind::double_:
    return value::of_real(json.get_double());
  case bj::kind::string:
    return value::of_text({json.get_string().data(), json.get_string().size()});
  case bj::kind::array:
    return from_json(memory, json.get_array(), depth);
  case bj::kind::object:
    break;
  }
  mapping* dict = make_mapping(memory);
  dict->entries.reserve(json.get_object().size());
  for (const auto& item : json.get_object())
    dict->set(memory, value::of_text({item.key().data(), item.key().size()}),
              from_json(memory, item.value(), depth + 1));
  return value::of(dict);
}

bool truthy(const value& v) {
  switch (v.type) {
  case kind::undefined:
  case kind::none:
    return false;
  case kind::boolean:
    return v.boolean;
  case kind::integer:
    return v.integer != 0;
  case kind::real:
    return v.real != 0;
  case kind::text:
    return v.size != 0;
  case kind::sequence:
    return v.list->type == flavor::generator || !v.list->items.empty();
  case kind::mapping:
    return !v.dict->entries.empty();
  case kind::object:
    return true;
  }
  return false;
}

std::string_view type_name(const value& v) {
  switch (v.type) {
  case kind::undefined:
    return "Undefined";
  case kind::none:
    return "NoneType";
  case kind::boolean:
    return "bool";
  case kind::integer:
    return "int";
  case kind::real:
    return "float";
  case kind::text:
    return "str";
  case kind::mapping:
    return "dict";
  case kind::object:
    return v.thing->type_name();
  case kind::sequence:
    break;
  }
  constexpr std::string_view names[] = {
      "list",        "tuple",      "generator", "dict_keys",
      "dict_values", "dict_items", "range"};
  return names[static_cast<int>(v.list->type)];
}

double as_real(const value& n) {
  if (n.is(kind::real))
    return n.real;
  return static_cast<double>(as_int(n));
}

std::int64_t as_int(const value& n) {
  return n.is(kind::boolean) ? std::int64_t{n.boolean} : n.integer;
}

std::string undefined_text(const value& v) {
  std::string name(v.text());
  switch (v.origin) {
  case kind::undefined:
    return "'" + name + "' is undefined";
  case kind::none:
    return "'None' has no attribute '" + name + "'";
  case kind::boolean:
    return "'bool object' has no attribute '" + name + "'";
  case kind::integer:
    return "'int object' has no attribute '" + name + "'";
  case kind::real:
    return "'float object' has no attribute '" + name + "'";
  case kind::text:
    return "'str object' has no attribute '" + name + "'";
  case kind::sequence:
    return "'list object' has no attribute '" + name + "'";
  case kind::mapping:
    return "'dict object' has no attribute '" + name + "'";
  case kind::object:
    break;
  }
  return "the object has no attribute '" + name + "'";
}

void require_defined(const value& v) {
  if (v.is(kind::undefined))
    throw fault(undefined_text(v));
}

} // namespace sluice::device::jinja
