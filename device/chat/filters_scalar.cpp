// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Filters of one text, number or any value.

#include "device/chat/filters.hpp"
#include "device/chat/format.hpp"
#include "device/chat/json_text.hpp"
#include "device/chat/operators.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"
#include "device/chat/text_pieces.hpp"

#include <charconv>
#include <cmath>

namespace sluice::device::jinja {

namespace {

std::string_view as_text(renderer& r, const value& v) {
  return v.is(kind::text) ? v.text()
                          : r.memory().keep(to_string(r.memory(), v));
}

value tojson(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound(
      "tojson", args, {"ensure_ascii", "indent", "separators", "sort_keys"});
  json_style style;
  style.ensure_ascii = bound.flag(0, false);
  if (!bound.is_none(1)) {
    const bool text = bound[1]->is(kind::text);
    const std::int64_t n = text ? 0 : bound.integer(1, 0);
    if (n > 1000)
      throw fault("tojson: an indent of more than 1000");
    style.indent =
        text ? std::string(bound.text(1))
             : std::string(
                 static_cast<std::size_t>(std::max<std::int64_t>(n, 0)), ' ');
    style.item_separator = ",";
  }
  if (!bound.is_none(2)) {
    const auto& two = r.iterate(*bound[2])->items;
    if (two.size() != 2 || !two[0].is(kind::text) || !two[1].is(kind::text))
      throw fault("tojson: separators are two strings");
    style.item_separator = two[0].text();
    style.key_separator = two[1].text();
  }
  style.sort_keys = bound.flag(3, false);
  return r.text(json_text(r.memory(), self, style));
}

value trim(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("trim", args, {"chars"});
  const std::string_view set = bound.is_none(0) ? "" : bound.text(0);
  return value::of_text(strip_right(strip_left(as_text(r, self), set), set));
}

template <std::string (*Convert)(std::string_view)>
value converted(renderer& r, const value& self, const arguments& args) {
  bound_arguments("filter", args, {});
  const std::string_view text = as_text(r, self);
  r.memory().charge(text.size());
  return r.text(Convert(text));
}

/// jinja2's own title: words begin after white space and opening brackets.
std::string title_words(std::string_view text) {
  std::string out;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size();) {
    const code_point c = i < text.size() ? decode(text, i) : code_point{' ', 1};
    const bool cut = is_space(c.value) || c.value == '-' || c.value == '('
                     || c.value == '{' || c.value == '[' || c.value == '<';
    if (cut) {
      out += capitalize(text.substr(start, i - start));
      if (i < text.size())
        out += text.substr(i, c.bytes);
      start = i + c.bytes;
    }
    i += c.bytes;
  }
  return out;
}

value replace(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("replace", args, {"old", "new", "count"}, 2);
  return replace_all(r, as_text(r, self), as_text(r, *bound[0]),
                     as_text(r, *bound[1]),
                     bound.is_none(2) ? -1 : bound.integer(2, -1));
}

value default_value(renderer&, const value& self, const arguments& args) {
  const bound_arguments bound("default", args, {"default_value", "boolean"});
  const bool replaced =
      self.is(kind::undefined) || (bound.flag(1, false) && !truthy(self));
  if (!replaced)
    return self;
  return bound.has(0) ? *bound[0] : value::of_text("");
}

value string(renderer& r, const value& self, const arguments&) {
  return value::of_text(as_text(r, self));
}

value safe(renderer& r, const value& self, const arguments& args) {
  return string(r, self, args);
}

value escape(renderer& r, const value& self, const arguments&) {
  std::string out;
  for (char c : as_text(r, self)) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&#34;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += c;
    }
  }
  return r.text(out);
}

/// The number that a text, trimmed, holds; nothing when it holds none.
std::optional<double> real_of(std::string_view text) {
  text = strip_right(strip_left(text));
  if (text.starts_with('+'))
    text.remove_prefix(1);
  double d = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), d);
  if (error != std::errc() || end != text.end())
    return std::nullopt;
  return d;
}

value to_int(renderer&, const value& self, const arguments& args) {
  const bound_arguments bound("int", args, {"default", "base"});
  const value otherwise = bound.has(0) ? *bound[0] : value::of_int(0);
  require_defined(self);
  double d = 0;
  if (self.is(kind::text)) {
    std::string_view text = strip_right(strip_left(self.text()));
    const std::int64_t base = bound.integer(1, 10);
    std::string digits(text);
    if (digits.starts_with('+'))
      digits.erase(0, 1);
    if (base == 16 && (digits.starts_with("0x") || digits.starts_with("0X")))
      digits.erase(0, 2);
    if (base < 2 || base > 36)
      throw fault("int() base must be >= 2 and <= 36");
    std::int64_t i = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), i,
                        static_cast<int>(base));
    if (error == std::errc() && end == digits.data() + digits.size())
      return value::of_int(i);
    const auto real = real_of(text);
    if (!real)
      return otherwise;
    d = *real;
  } else if (self.is(kind::real)) {
    d = self.real;
  } else {
    return self.is_number() ? value::of_int(as_int(self)) : otherwise;
  }
  if (!(std::abs(d) < 9.2e18))
    return otherwise;
  return value::of_int(static_cast<std::int64_t>(d));
}

value to_float(renderer&, const value& self, const arguments& args) {
  const bound_arguments bound("float", args, {"default"});
  const value otherwise = bound.has(0) ? *bound[0] : value::of_real(0);
  require_defined(self);
  if (self.is(kind::text)) {
    const auto real = real_of(self.text());
    return real ? value::of_real(*real) : otherwise;
  }
  return self.is_number() ? value::of_real(as_real(self)) : otherwise;
}

value absolute(renderer&, const value& self, const arguments&) {
  require_defined(self);
  if (!self.is_number())
    throw fault("bad operand type for abs(): '" + std::string(type_name(self))
                + "'");
  return as_real(self) < 0 ? negate(self) : negate(negate(self));
}

/// jinja2's round: always a float; half to even, as Python's.
value round_number(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("round", args, {"precision", "method"});
  require_defined(self);
  if (!self.is_number())
    throw fault("type " + std::string(type_name(self))
                + " doesn't define __round__ method");
  const std::int64_t digits = bound.integer(0, 0);
  if (digits < -300 || digits > 300)
    throw fault("round: the precision is too large");
  const std::string_view method = bound.text(1, "common");
  const double d = as_real(self);
  const double scale = std::pow(10.0, static_cast<double>(digits));
  if (method == "ceil")
    return value::of_real(std::ceil(d * scale) / scale);
  if (method == "floor")
    return value::of_real(std::floor(d * scale) / scale);
  if (method != "common")
    throw fault("method must be common, ceil or floor");
  if (!self.is(kind::real))
    return digits >= 0 ? value::of_int(as_int(self))
                       : value::of_int(static_cast<std::int64_t>(
                           std::nearbyint(d * scale) / scale));
  if (digits < 0)
    return value::of_real(std::nearbyint(d * scale) / scale);
  // Decimal rounding of the exact binary value, as Python does it.
  std::string text(400 + static_cast<std::size_t>(digits), '\0');
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), d,
                    std::chars_format::fixed, static_cast<int>(digits))
          .ptr;
  double rounded = 0;
  std::from_chars(text.data(), end, rounded);
  r.memory().charge(text.size());
  return value::of_real(rounded);
}

value format(renderer& r, const value& self, const arguments& args) {
  if (!args.named.empty() && !args.positional.empty())
    throw fault("can't handle positional and keyword arguments at the same "
                "time");
  const std::string_view text = as_text(r, self);
  if (!args.named.empty()) {
    mapping* names = make_mapping(r.memory());
    for (const auto& [name, item] : args.named)
      names->set(r.memory(), value::of_text(name), item);
    return r.text(percent_format(r, text, value::of(names)));
  }
  sequence* tuple = make_sequence(r.memory(), flavor::tuple);
  for (const auto& item : args.positional)
    append(r.memory(), *tuple, item);
  return r.text(percent_format(r, text, value::of(tuple)));
}

value indent(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("indent", args, {"width", "first", "blank"});
  const bool text = bound.has(0) && bound[0]->is(kind::text);
  const std::int64_t width = text ? 0 : bound.integer(0, 4);
  if (width > 10000)
    throw fault("indent: a width of more than 10000");
  const std::string margin =
      text ? std::string(bound.text(0))
           : std::string(
               static_cast<std::size_t>(std::max<std::int64_t>(width, 0)), ' ');
  const std::string lines = std::string(as_text(r, self)) + "\n";
  std::string out = bound.flag(1, false) ? margin : "";
  const bool blank = bound.flag(2, false);
  bool first = true;
  for (const auto& line : split_lines(r, lines, false).list->items) {
    if (!first) {
      r.memory().charge(margin.size() + 1);
      out += '\n';
      if (blank || line.size > 0)
        out += margin;
    }
    first = false;
    out += line.text();
  }
  return r.text(out);
}

value wordcount(renderer& r, const value& self, const arguments&) {
  std::int64_t n = 0;
  bool inside = false;
  const std::string_view text = as_text(r, self);
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, bytes] = decode(text, i);
    const bool word = is_alpha(c) || is_digit(c) || c == '_';
    n += word && !inside;
    inside = word;
    i += bytes;
  }
  return value::of_int(n);
}

value attr(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("attr", args, {"name"}, 1);
  if (self.is(kind::mapping)) // attributes only, never items
    return value::missing(bound.text(0), kind::mapping);
  return r.attribute(self, bound.text(0));
}

constexpr named_filter table[] = {
    {"tojson", tojson},
    {"trim", trim},
    {"upper", converted<upper>},
    {"lower", converted<lower>},
    {"capitalize", converted<capitalize>},
    {"title", converted<title_words>},
    {"replace", replace},
    {"default", default_value},
    {"d", default_value},
    {"string", string},
    {"safe", safe},
    {"escape", escape},
    {"e", escape},
    {"forceescape", escape},
    {"int", to_int},
    {"float", to_float},
    {"abs", absolute},
    {"round", round_number},
    {"format", format},
    {"indent", indent},
    {"wordcount", wordcount},
    {"attr", attr},
};

} // namespace

std::span<const named_filter> scalar_filters() {
  return table;
}

} // namespace sluice::device::jinja
