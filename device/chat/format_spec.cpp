// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/format_spec.hpp"

#include "device/chat/python_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace sluice::device::jinja {

namespace {

constexpr std::int64_t max_width = 100'000;
constexpr std::int64_t max_precision = 1000;

[[noreturn]] void unknown(const format_spec& spec, const value& v) {
  throw fault(std::string("Unknown format code '") + spec.type
              + "' for object of type '" + std::string(type_name(v)) + "'");
}

std::string group(std::string digits, char separator) {
  const std::size_t end = std::min(digits.find_first_of(".e"), digits.size());
  for (std::size_t i = end; i > 3; i -= 3)
    digits.insert(i - 3, 1, separator);
  return digits;
}

std::string whole_digits(std::uint64_t magnitude, const format_spec& spec) {
  const int base = spec.type == 'x' || spec.type == 'X' ? 16
                   : spec.type == 'o'                   ? 8
                   : spec.type == 'b'                   ? 2
                                                        : 10;
  char buffer[72];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, magnitude, base).ptr;
  std::string digits(buffer, end);
  if (spec.type == 'X')
    digits = upper(digits);
  if (spec.alternate && base != 10)
    digits = std::string("0") + spec.type + digits;
  return digits;
}

std::string real_digits(double d, const format_spec& spec) {
  if (!std::isfinite(d))
    return std::isnan(d) ? "nan" : "inf";
  if (spec.type == 0 && spec.precision < 0)
    return real_text(d);
  const bool percent = spec.type == '%';
  const char type = percent ? 'f' : spec.type == 0 ? 'g' : spec.type;
  const char pattern[] = {'%', '.', '*', type, '\0'};
  const int precision =
      spec.precision < 0 ? 6 : static_cast<int>(spec.precision);
  std::string out(400 + static_cast<std::size_t>(precision), '\0');
  const int n = std::snprintf(out.data(), out.size(), pattern, precision,
                              percent ? d * 100 : d);
  out.resize(static_cast<std::size_t>(n));
  return percent ? out + "%" : out;
}

std::string padded(std::string sign, std::string body, const format_spec& spec,
                   char natural) {
  const char align = spec.align ? spec.align : natural;
  const auto used = static_cast<std::int64_t>(length(sign) + length(body));
  const std::int64_t missing = spec.width - used;
  if (missing <= 0)
    return sign + body;
  const auto fill = [&](std::int64_t n) {
    std::string out;
    for (; n > 0; --n)
      out += spec.fill;
    return out;
  };
  switch (align) {
  case '<':
    return sign + body + fill(missing);
  case '^':
    return fill(missing / 2) + sign + body + fill(missing - missing / 2);
  case '=':
    return sign + fill(missing) + body;
  default:
    return fill(missing) + sign + body;
  }
}

std::string format_text(heap& memory, const value& v, const format_spec& spec) {
  std::string text = to_string(memory, v);
  if (spec.precision >= 0)
    text.resize(offset_of(text, static_cast<std::size_t>(spec.precision)));
  return padded("", std::move(text), spec, '<');
}

} // namespace

std::string format_value(heap& memory, const value& v, format_spec spec) {
  if (spec.width > max_width || spec.precision > max_precision)
    throw fault("a format's width or precision is too large");
  memory.charge(static_cast<std::size_t>(spec.width) * spec.fill.size());
  constexpr auto has = [](std::string_view set, char c) {
    return set.find(c) != std::string_view::npos;
  };
  const bool plain = spec.type == 0 && (!v.is_number() || v.is(kind::boolean));
  if (plain || spec.type == 's') {
    if (spec.type == 's' && v.is_number())
      unknown(spec, v);
    return format_text(memory, v, spec);
  }
  if (!v.is_number())
    unknown(spec, v);
  std::string sign, body;
  if (has("feEFgG%", spec.type) || v.is(kind::real)) {
    if (spec.type && !has("feEFgG%", spec.type))
      unknown(spec, v);
    const double d = as_real(v);
    sign = std::signbit(d) ? "-" : "";
    body = real_digits(std::fabs(d), spec);
  } else {
    if (spec.type && !has("dxXob", spec.type))
      unknown(spec, v);
    const std::int64_t i = as_int(v);
    sign = i < 0 ? "-" : "";
    const auto bits = static_cast<std::uint64_t>(i);
    body = whole_digits(i < 0 ? 0 - bits : bits, spec);
  }
  if (sign.empty() && spec.sign != '-')
    sign = spec.sign;
  if (spec.grouping)
    body = group(std::move(body), spec.grouping);
  return padded(std::move(sign), std::move(body), spec, '>');
}

} // namespace sluice::device::jinja
