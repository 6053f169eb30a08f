// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/operators.hpp"

#include "device/chat/format.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::device::jinja {

namespace {

constexpr std::string_view names[] = {"+",  "-", "*",           "/",
                                      "//", "%", "** or pow()", "~"};

[[noreturn]] void mismatch(binary_operator op, const value& a, const value& b) {
  throw fault("unsupported operand type(s) for "
              + std::string(names[static_cast<int>(op)]) + ": '"
              + std::string(type_name(a)) + "' and '"
              + std::string(type_name(b)) + "'");
}

[[noreturn]] void overflow() {
  throw fault("an integer exceeds 64 bits");
}

value int_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0)
      throw fault("0.0 cannot be raised to a negative power");
    return value::of_real(
        std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
      overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
      overflow();
  }
  return value::of_int(result);
}

value int_division(binary_operator op, std::int64_t a, std::int64_t b) {
  if (b == 0)
    throw fault("integer division or modulo by zero");
  if (b == -1) {
    if (op == binary_operator::modulo)
      return value::of_int(0);
    if (a == INT64_MIN)
      overflow();
    return value::of_int(-a);
  }
  std::int64_t quotient = a / b, rest = a % b;
  if (rest != 0 && (rest < 0) != (b < 0)) {
    --quotient;
    rest += b;
  }
  return value::of_int(op == binary_operator::modulo ? rest : quotient);
}

value int_arithmetic(binary_operator op, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  bool over = false;
  switch (op) {
  case binary_operator::add:
    over = __builtin_add_overflow(a, b, &out);
    break;
  case binary_operator::subtract:
    over = __builtin_sub_overflow(a, b, &out);
    break;
  case binary_operator::multiply:
    over = __builtin_mul_overflow(a, b, &out);
    break;
  case binary_operator::power:
    return int_power(a, b);
  case binary_operator::divide:
    if (b == 0)
      throw fault("division by zero");
    return value::of_real(static_cast<double>(a) / static_cast<double>(b));
  default:
    return int_division(op, a, b);
  }
  if (over)
    overflow();
  return value::of_int(out);
}

value real_arithmetic(binary_operator op, double a, double b) {
  switch (op) {
  case binary_operator::add:
    return value::of_real(a + b);
  case binary_operator::subtract:
    return value::of_real(a - b);
  case binary_operator::multiply:
    return value::of_real(a * b);
  case binary_operator::power:
    return value::of_real(std::pow(a, b));
  default:
    break;
  }
  if (b == 0)
    throw fault(op == binary_operator::divide ? "float division by zero"
                : op == binary_operator::modulo
                    ? "float modulo"
                    : "float floor division by zero");
  if (op == binary_operator::divide)
    return value::of_real(a / b);
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0))
    rest += b;
  if (op == binary_operator::modulo)
    return value::of_real(rest == 0 ? std::copysign(0.0, b) : rest);
  return value::of_real(std::floor((a - rest) / b + 0.5));
}

/// "ab" * 3, [1] * 3.
value repeat(renderer& r, const value& v, std::int64_t times) {
  heap& memory = r.memory();
  const std::size_t n = times > 0 ? static_cast<std::size_t>(times) : 0;
  if (v.is(kind::text)) {
    if (v.size != 0 && n > max_work / v.size)
      memory.charge(max_work + 1);
    memory.charge(v.size * n);
    std::string out;
    for (std::size_t i = 0; i < n && v.size != 0; ++i)
      out += v.text();
    return r.text(out);
  }
  sequence* out = make_sequence(memory, v.list->type);
  const auto items = v.list->items;
  for (std::size_t i = 0; i < n && !items.empty(); ++i)
    for (const auto& item : items)
      append(memory, *out, item);
  return value::of(out);
}

bool plain_list(const value& v) {
  return v.is(kind::sequence)
         && (v.list->type == flavor::list || v.list->type == flavor::tuple);
}

value add(renderer& r, const value& a, const value& b) {
  if (a.is(kind::text) && b.is(kind::text))
    return value::of_text(r.memory().join(a.text(), b.text()));
  if (plain_list(a) && plain_list(b) && a.list->type == b.list->type) {
    sequence* out = make_sequence(r.memory(), a.list->type);
    for (const auto* list : {a.list, b.list})
      for (const auto& item : list->items)
        append(r.memory(), *out, item);
    return value::of(out);
  }
  if (a.is(kind::text))
    throw fault("can only concatenate str (not \"" + std::string(type_name(b))
                + "\") to str");
  if (plain_list(a))
    throw fault("can only concatenate " + std::string(type_name(a)) + " (not \""
                + std::string(type_name(b)) + "\") to "
                + std::string(type_name(a)));
  mismatch(binary_operator::add, a, b);
}

value multiply(renderer& r, const value& a, const value& b) {
  const auto repeatable = [](const value& v) {
    return v.is(kind::text) || plain_list(v);
  };
  const auto times = [](const value& v) {
    return v.is(kind::integer) || v.is(kind::boolean);
  };
  if (repeatable(a) && times(b))
    return repeat(r, a, as_int(b));
  if (repeatable(b) && times(a))
    return repeat(r, b, as_int(a));
  mismatch(binary_operator::multiply, a, b);
}

value concatenate(renderer& r, const value& a, const value& b) {
  const std::string_view left =
      a.is(kind::text) ? a.text() : r.memory().keep(to_string(r.memory(), a));
  const std::string right =
      b.is(kind::text) ? std::string() : to_string(r.memory(), b);
  return value::of_text(
      r.memory().join(left, b.is(kind::text) ? b.text() : right));
}

} // namespace

value apply(renderer& r, binary_operator op, const value& a, const value& b) {
  if (op == binary_operator::concatenate)
    return concatenate(r, a, b);
  require_defined(a);
  if (op == binary_operator::modulo && a.is(kind::text))
    return r.text(percent_format(r, a.text(), b));
  require_defined(b);
  if (a.is_number() && b.is_number()) {
    if (a.is(kind::real) || b.is(kind::real))
      return real_arithmetic(op, as_real(a), as_real(b));
    return int_arithmetic(op, as_int(a), as_int(b));
  }
  if (op == binary_operator::add)
    return add(r, a, b);
  if (op == binary_operator::multiply)
    return multiply(r, a, b);
  mismatch(op, a, b);
}

value negate(const value& v) {
  require_defined(v);
  if (v.is(kind::real))
    return value::of_real(-v.real);
  if (!v.is_number())
    throw fault("bad operand type for unary -: '" + std::string(type_name(v))
                + "'");
  if (as_int(v) == INT64_MIN)
    overflow();
  return value::of_int(-as_int(v));
}

bool contains(renderer& r, const value& container, const value& item) {
  switch (container.type) {
  case kind::text:
    if (!item.is(kind::text))
      throw fault("'in <string>' requires string as left operand, not "
                  + std::string(type_name(item)));
    r.memory().charge(container.size);
    return container.text().find(item.text()) != std::string_view::npos;
  case kind::mapping:
    return container.dict->find(r.memory(), item) != nullptr;
  case kind::sequence:
  case kind::undefined:
    for (const auto& other : r.iterate(container)->items)
      if (equal(r.memory(), other, item))
        return true;
    return false;
  default:
    throw fault("argument of type '" + std::string(type_name(container))
                + "' is not iterable");
  }
}

} // namespace sluice::device::jinja
