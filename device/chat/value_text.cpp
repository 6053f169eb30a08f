// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// str() and repr() as Python prints them.

#include "device/chat/python_text.hpp"
#include "device/chat/value.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace sluice::device::jinja {

namespace {

/// Python escapes what is not printable; of it, the control characters and
/// separators that occur in text.
bool printable(char32_t c) {
  return c >= 0x20 && !(c >= 0x7F && c <= 0xA0) && c != 0xAD
         && !(is_space(c) && c != ' ') && !(c >= 0x200B && c <= 0x200F)
         && !(c >= 0x202A && c <= 0x202E) && !(c >= 0x2060 && c <= 0x206F)
         && c != 0xFEFF && !(c >= 0xE000 && c <= 0xF8FF);
}

void hex(char32_t c, int digits, std::string& out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out += "0123456789abcdef"[(c >> shift) & 15];
}

void print_quoted(std::string_view text, std::string& out) {
  const bool single = text.find('\'') != std::string_view::npos;
  const bool two = text.find('"') != std::string_view::npos;
  const char quote = single && !two ? '"' : '\'';
  out += quote;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    if (c == static_cast<char32_t>(quote) || c == '\\')
      out.append(1, '\\').append(1, static_cast<char>(c));
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (printable(c))
      out += text.substr(i, n);
    else {
      out += c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U";
      hex(c, c < 0x100 ? 2 : c < 0x10000 ? 4 : 8, out);
    }
    i += n;
  }
  out += quote;
}

void print_items(heap& memory, const sequence& list, std::string& out,
                 unsigned depth) {
  bool first = true;
  for (const auto& item : list.items) {
    if (!std::exchange(first, false))
      out += ", ";
    print_repr(memory, item, out, depth + 1);
  }
}

void print_range(const sequence& list, std::string& out) {
  const auto& items = list.items;
  const std::int64_t start = items.empty() ? 0 : items[0].integer;
  const std::int64_t step =
      items.size() > 1 ? items[1].integer - items[0].integer : 1;
  const std::int64_t stop = items.empty() ? 0 : items.back().integer + step;
  out += "range(" + std::to_string(start) + ", " + std::to_string(stop);
  out += step == 1 ? ")" : ", " + std::to_string(step) + ")";
}

void print_sequence(heap& memory, const sequence& list, std::string& out,
                    unsigned depth) {
  switch (list.type) {
  case flavor::generator:
    out += "<generator object>";
    return;
  case flavor::range:
    return print_range(list, out);
  case flavor::tuple:
    out += "(";
    print_items(memory, list, out, depth);
    out += list.items.size() == 1 ? ",)" : ")";
    return;
  case flavor::list:
    out += "[";
    break;
  case flavor::keys:
    out += "dict_keys([";
    break;
  case flavor::values:
    out += "dict_values([";
    break;
  case flavor::items:
    out += "dict_items([";
    break;
  }
  print_items(memory, list, out, depth);
  out += list.type == flavor::list ? "]" : "])";
}

void print_mapping(heap& memory, const mapping& dict, std::string& out,
                   unsigned depth) {
  out += "{";
  bool first = true;
  for (const auto& [key, item] : dict.entries) {
    if (!std::exchange(first, false))
      out += ", ";
    print_repr(memory, key, out, depth + 1);
    out += ": ";
    print_repr(memory, item, out, depth + 1);
  }
  out += "}";
}

} // namespace

std::string real_text(double d) {
  if (std::isnan(d))
    return "nan";
  if (std::isinf(d))
    return d < 0 ? "-inf" : "inf";
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                 d, std::chars_format::scientific)
                       .ptr;
  const std::string shortest(buffer.data(), end);
  const std::size_t e = shortest.find('e');
  const int exponent = std::stoi(shortest.substr(e + 1));
  if (exponent < -4 || exponent >= 16)
    return shortest; // at least two exponent digits, as Python has
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                   d, std::chars_format::fixed)
                         .ptr;
  std::string out(buffer.data(), fixed);
  if (out.find('.') == std::string::npos)
    out += ".0";
  return out;
}

void print_repr(heap& memory, const value& v, std::string& out,
                unsigned depth) {
  memory.charge(16);
  if (depth > max_value_depth)
    throw fault("a value is nested deeper than "
                + std::to_string(max_value_depth) + " levels");
  switch (v.type) {
  case kind::undefined:
    out += "Undefined";
    break;
  case kind::none:
    out += "None";
    break;
  case kind::boolean:
    out += v.boolean ? "True" : "False";
    break;
  case kind::integer:
    out += std::to_string(v.integer);
    break;
  case kind::real:
    out += real_text(v.real);
    break;
  case kind::text:
    memory.charge(v.size);
    print_quoted(v.text(), out);
    break;
  case kind::sequence:
    print_sequence(memory, *v.list, out, depth);
    break;
  case kind::mapping:
    print_mapping(memory, *v.dict, out, depth);
    break;
  case kind::object:
    v.thing->print(memory, out, depth);
    break;
  }
}

void print(heap& memory, const value& v, std::string& out) {
  if (v.is(kind::undefined))
    return;
  if (!v.is(kind::text))
    return print_repr(memory, v, out);
  memory.charge(v.size);
  out += v.text();
}

std::string to_string(heap& memory, const value& v) {
  std::string out;
  print(memory, v, out);
  return out;
}

std::string repr(heap& memory, const value& v) {
  std::string out;
  print_repr(memory, v, out);
  return out;
}

} // namespace sluice::device::jinja
