// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/tests.hpp"

#include "device/chat/filters.hpp"
#include "device/chat/operators.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

namespace sluice::device::jinja {

namespace {

template <kind Kind>
bool is_kind(renderer&, const value& v, const arguments&) {
  return v.is(Kind);
}

bool is_defined(renderer&, const value& v, const arguments&) {
  return !v.is(kind::undefined);
}

bool is_number(renderer&, const value& v, const arguments&) {
  return v.is_number();
}

bool is_integer(renderer&, const value& v, const arguments&) {
  return v.is(kind::integer);
}

bool is_true(renderer&, const value& v, const arguments&) {
  return v.is(kind::boolean) && v.boolean;
}

bool is_false(renderer&, const value& v, const arguments&) {
  return v.is(kind::boolean) && !v.boolean;
}

bool is_sequence(renderer&, const value& v, const arguments&) {
  return v.is(kind::text) || v.is(kind::mapping)
         || (v.is(kind::sequence) && v.list->indexable())
         || v.is(kind::undefined);
}

bool is_iterable(renderer&, const value& v, const arguments&) {
  return v.is(kind::text) || v.is(kind::mapping) || v.is(kind::sequence)
         || v.is(kind::undefined)
         || (v.is(kind::object) && v.thing->type_name() == "LoopContext");
}

bool is_callable(renderer&, const value& v, const arguments&) {
  return v.is(kind::undefined) || (v.is(kind::object) && v.thing->callable());
}

const value& other(const arguments& args) {
  if (args.positional.size() != 1 || !args.named.empty())
    throw fault("the test takes one argument");
  return args.positional[0];
}

bool is_equal(renderer& r, const value& v, const arguments& args) {
  return equal(r.memory(), v, other(args));
}

bool is_unequal(renderer& r, const value& v, const arguments& args) {
  return !equal(r.memory(), v, other(args));
}

bool is_less(renderer& r, const value& v, const arguments& args) {
  return compare(r.memory(), v, other(args), "<") < 0;
}

bool is_at_most(renderer& r, const value& v, const arguments& args) {
  return compare(r.memory(), v, other(args), "<=") <= 0;
}

bool is_greater(renderer& r, const value& v, const arguments& args) {
  return compare(r.memory(), v, other(args), ">") > 0;
}

bool is_at_least(renderer& r, const value& v, const arguments& args) {
  return compare(r.memory(), v, other(args), ">=") >= 0;
}

bool is_in(renderer& r, const value& v, const arguments& args) {
  return contains(r, other(args), v);
}

bool is_same(renderer&, const value& v, const arguments& args) {
  const value& o = other(args);
  if (v.type != o.type)
    return false;
  switch (v.type) {
  case kind::none:
    return true;
  case kind::boolean:
    return v.boolean == o.boolean;
  case kind::integer:
    return v.integer == o.integer;
  case kind::real:
    return v.real == o.real;
  case kind::text:
    return v.text() == o.text();
  case kind::sequence:
    return v.list == o.list;
  case kind::mapping:
    return v.dict == o.dict;
  default:
    return v.thing == o.thing;
  }
}

bool divides(renderer& r, const value& v, const value& by) {
  const value rest = apply(r, binary_operator::modulo, v, by);
  return rest.is_number() && as_real(rest) == 0;
}

bool is_divisible(renderer& r, const value& v, const arguments& args) {
  return divides(r, v, other(args));
}

bool is_even(renderer& r, const value& v, const arguments&) {
  return divides(r, v, value::of_int(2));
}

bool is_odd(renderer& r, const value& v, const arguments&) {
  const value rest = apply(r, binary_operator::modulo, v, value::of_int(2));
  return rest.is_number() && as_real(rest) == 1;
}

template <bool (*Fits)(char32_t), bool (*Opposite)(char32_t)>
bool is_cased(renderer& r, const value& v, const arguments&) {
  const std::string text = to_string(r.memory(), v);
  bool some = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    if (Opposite(c))
      return false;
    some |= Fits(c);
    i += n;
  }
  return some;
}

bool is_filter(renderer&, const value& v, const arguments&) {
  return v.is(kind::text) && find_filter(v.text());
}

bool is_test(renderer&, const value& v, const arguments&) {
  return v.is(kind::text) && find_test(v.text());
}

bool is_escaped(renderer&, const value&, const arguments&) {
  return false;
}

constexpr std::pair<std::string_view, predicate> tests[] = {
    {"defined", is_defined},
    {"undefined", is_kind<kind::undefined>},
    {"none", is_kind<kind::none>},
    {"string", is_kind<kind::text>},
    {"mapping", is_kind<kind::mapping>},
    {"boolean", is_kind<kind::boolean>},
    {"float", is_kind<kind::real>},
    {"integer", is_integer},
    {"number", is_number},
    {"true", is_true},
    {"false", is_false},
    {"sequence", is_sequence},
    {"iterable", is_iterable},
    {"callable", is_callable},
    {"eq", is_equal},
    {"equalto", is_equal},
    {"==", is_equal},
    {"ne", is_unequal},
    {"!=", is_unequal},
    {"lt", is_less},
    {"lessthan", is_less},
    {"<", is_less},
    {"le", is_at_most},
    {"<=", is_at_most},
    {"gt", is_greater},
    {"greaterthan", is_greater},
    {">", is_greater},
    {"ge", is_at_least},
    {">=", is_at_least},
    {"in", is_in},
    {"sameas", is_same},
    {"divisibleby", is_divisible},
    {"even", is_even},
    {"odd", is_odd},
    {"lower", is_cased<is_lower, is_upper>},
    {"upper", is_cased<is_upper, is_lower>},
    {"filter", is_filter},
    {"test", is_test},
    {"escaped", is_escaped},
};

} // namespace

predicate find_test(std::string_view name) {
  for (const auto& [known, run] : tests)
    if (known == name)
      return run;
  return nullptr;
}

std::vector<std::string_view> test_names() {
  std::vector<std::string_view> names;
  for (const auto& known : tests)
    names.push_back(known.first);
  return names;
}

} // namespace sluice::device::jinja
