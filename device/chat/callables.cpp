// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/callables.hpp"

#include <algorithm>

namespace sluice::device::jinja {

value macro_object::call(renderer& r, const arguments& args) {
  return r.text(r.call_macro(macro, outer, args));
}

value macro_object::attribute(renderer&, std::string_view name) {
  if (name == "name")
    return value::of_text(macro.name);
  return value::missing(name, kind::object);
}

std::string renderer::call_macro(const macro_definition& macro, scope& outer,
                                 const arguments& args) {
  if (calls_ >= max_calls)
    throw fault("macro '" + std::string(macro.name) + "' recurses deeper than "
                + std::to_string(max_calls) + " calls");
  const auto find = [&](std::string_view name) -> symbol {
    const auto& names = program_.symbols;
    return static_cast<symbol>(std::find(names.begin(), names.end(), name)
                               - names.begin());
  };
  const std::string who = "macro '" + std::string(macro.name) + "'";
  const std::size_t wanted = macro.parameters.size();
  if (args.positional.size() > wanted && !macro.takes_varargs)
    throw fault(who + " takes not more than " + std::to_string(wanted)
                + " argument(s)");
  scope* inner = make_scope(outer);
  std::vector<bool> used(args.named.size());
  const auto named = [&](std::string_view name) -> const value* {
    for (std::size_t i = 0; i < args.named.size(); ++i)
      if (args.named[i].first == name && !used[i]) {
        used[i] = true;
        return &args.named[i].second;
      }
    return nullptr;
  };
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto& parameter = macro.parameters[i];
    const value* given = i < args.positional.size() ? &args.positional[i]
                                                    : named(parameter.name);
    if (given)
      inner->set(parameter.id, *given);
    else if (parameter.otherwise)
      inner->set(parameter.id, evaluate(parameter.otherwise, *inner));
    else
      inner->set(parameter.id, value::missing(parameter.name));
  }
  if (macro.takes_caller) {
    const value* caller = named("caller");
    inner->set(find("caller"), caller ? *caller : value::missing("caller"));
  }
  if (macro.takes_varargs) {
    sequence* rest = make_sequence(memory_, flavor::tuple);
    for (std::size_t i = wanted; i < args.positional.size(); ++i)
      append(memory_, *rest, args.positional[i]);
    inner->set(find("varargs"), value::of(rest));
  }
  mapping* others = make_mapping(memory_);
  for (std::size_t i = 0; i < args.named.size(); ++i) {
    if (used[i])
      continue;
    if (!macro.takes_kwargs)
      throw fault(who + " takes no keyword argument '"
                  + std::string(args.named[i].first) + "'");
    others->set(memory_, value::of_text(args.named[i].first),
                args.named[i].second);
  }
  if (macro.takes_kwargs)
    inner->set(find("kwargs"), value::of(others));
  ++calls_;
  std::string made = capture(macro.body, *inner);
  --calls_;
  return made;
}

namespace {

loop_object& loop_of(const value& v) {
  return static_cast<loop_object&>(*v.thing);
}

value cycle(renderer&, const value& self, const arguments& args) {
  if (args.positional.empty())
    throw fault("no items for cycling given");
  return args.positional[loop_of(self).index0 % args.positional.size()];
}

value changed(renderer& r, const value& self, const arguments& args) {
  sequence* now = make_sequence(r.memory(), flavor::tuple);
  for (const auto& v : args.positional)
    append(r.memory(), *now, v);
  sequence*& last = loop_of(self).last_changed;
  const bool same = last && equal(r.memory(), value::of(last), value::of(now));
  last = now;
  return value::of_bool(!same);
}

} // namespace

value loop_object::attribute(renderer& r, std::string_view name) {
  const std::size_t n = items.items.size();
  const auto number = [](std::size_t i) {
    return value::of_int(static_cast<std::int64_t>(i));
  };
  if (name == "index")
    return number(index0 + 1);
  if (name == "index0")
    return number(index0);
  if (name == "first")
    return value::of_bool(index0 == 0);
  if (name == "last")
    return value::of_bool(index0 + 1 == n);
  if (name == "length")
    return number(n);
  if (name == "revindex")
    return number(n - index0);
  if (name == "revindex0")
    return number(n - index0 - 1);
  if (name == "previtem")
    return index0 > 0 ? items.items[index0 - 1]
                      : value::missing("there is no previous item");
  if (name == "nextitem")
    return index0 + 1 < n ? items.items[index0 + 1]
                          : value::missing("there is no next item");
  if (name == "depth")
    return number(depth0 + 1);
  if (name == "depth0")
    return number(depth0);
  if (name == "cycle")
    return value::of(r.memory().make<bound_method>(cycle, value::of(this)));
  if (name == "changed")
    return value::of(r.memory().make<bound_method>(changed, value::of(this)));
  return value::missing(name, kind::object);
}

value loop_object::call(renderer& r, const arguments& args) {
  if (!statement.recursive)
    throw fault("the loop must have the 'recursive' marker to be called");
  const bound_arguments bound("loop", args, {"iterable"}, 1);
  return r.text(r.loop_again(statement, outer, *bound[0], depth0 + 1));
}

value namespace_object::attribute(renderer&, std::string_view name) {
  if (const value* found = attributes->find(name))
    return *found;
  return value::missing(name, kind::object);
}

bool namespace_object::set_attribute(renderer& r, std::string_view name,
                                     const value& item) {
  attributes->set(r.memory(), value::of_text(name), item);
  return true;
}

void namespace_object::print(heap& memory, std::string& out,
                             unsigned depth) const {
  out += "<Namespace ";
  print_repr(memory, value::of(attributes), out, depth + 1);
  out += ">";
}

namespace {

cycler_object& cycler_of(const value& v) {
  return static_cast<cycler_object&>(*v.thing);
}

value cycler_next(renderer&, const value& self, const arguments&) {
  cycler_object& c = cycler_of(self);
  const value now = c.items->items[c.at];
  c.at = (c.at + 1) % c.items->items.size();
  return now;
}

value cycler_reset(renderer&, const value& self, const arguments&) {
  cycler_of(self).at = 0;
  return value::none();
}

} // namespace

value cycler_object::attribute(renderer& r, std::string_view name) {
  if (name == "current")
    return items->items[at];
  if (name == "next")
    return value::of(
        r.memory().make<bound_method>(cycler_next, value::of(this)));
  if (name == "reset")
    return value::of(
        r.memory().make<bound_method>(cycler_reset, value::of(this)));
  return value::missing(name, kind::object);
}

value joiner_object::call(renderer&, const arguments&) {
  return value::of_text(std::exchange(used, true) ? separator
                                                  : std::string_view());
}

} // namespace sluice::device::jinja
