// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/json_text.hpp"

#include "device/chat/python_text.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::device::jinja {

namespace {

class json_writer {
public:
  json_writer(heap& memory, const json_style& style)
      : memory_(memory), style_(style) {}

  void write(const value& v, unsigned depth);
  std::string out;

private:
  void text(std::string_view s);
  void escape(char32_t c);
  void number(double d);
  void list(const sequence& s, unsigned depth);
  void dict(const mapping& m, unsigned depth);
  void key(const value& k);
  void line(unsigned depth);

  heap& memory_;
  const json_style& style_;
};

void json_writer::escape(char32_t c) {
  const auto unit = [&](char32_t u) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
      out += "0123456789abcdef"[(u >> shift) & 15];
  };
  if (c < 0x10000)
    return unit(c);
  unit(0xD800 + ((c - 0x10000) >> 10));
  unit(0xDC00 + ((c - 0x10000) & 0x3FF));
}

void json_writer::text(std::string_view s) {
  constexpr std::string_view from = "\"\\\n\r\t\b\f", to = "\"\\nrtbf";
  memory_.charge(s.size());
  out += '"';
  for (std::size_t i = 0; i < s.size();) {
    const auto [c, n] = decode(s, i);
    const std::size_t k =
        c < 0x80 ? from.find(static_cast<char>(c)) : std::string_view::npos;
    if (k != std::string_view::npos)
      out.append(1, '\\').append(1, to[k]);
    else if (c < 0x20 || (style_.ensure_ascii && c >= 0x7F && c != 0x7F))
      escape(c);
    else
      out += s.substr(i, n);
    i += n;
  }
  out += '"';
}

void json_writer::number(double d) {
  if (std::isnan(d))
    out += "NaN";
  else if (std::isinf(d))
    out += d < 0 ? "-Infinity" : "Infinity";
  else
    out += real_text(d);
}

void json_writer::line(unsigned depth) {
  if (!style_.indent)
    return;
  memory_.charge(1 + depth * style_.indent->size());
  out += '\n';
  for (unsigned i = 0; i < depth; ++i)
    out += *style_.indent;
}

void json_writer::list(const sequence& s, unsigned depth) {
  if (s.items.empty()) {
    out += "[]";
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < s.items.size(); ++i) {
    if (i > 0)
      out += style_.item_separator;
    line(depth + 1);
    write(s.items[i], depth + 1);
  }
  line(depth);
  out += ']';
}

void json_writer::key(const value& k) {
  switch (k.type) {
  case kind::text:
    return text(k.text());
  case kind::none:
    out += "\"null\"";
    return;
  case kind::boolean:
    out += k.boolean ? "\"true\"" : "\"false\"";
    return;
  case kind::integer:
    out += '"' + std::to_string(k.integer) + '"';
    return;
  case kind::real:
    out += '"';
    number(k.real);
    out += '"';
    return;
  default:
    throw fault("keys must be str, int, float, bool or None, not "
                + std::string(type_name(k)));
  }
}

void json_writer::dict(const mapping& m, unsigned depth) {
  if (m.entries.empty()) {
    out += "{}";
    return;
  }
  std::vector<const std::pair<value, value>*> entries;
  memory_.charge(m.entries.size() * 16);
  for (const auto& entry : m.entries)
    entries.push_back(&entry);
  if (style_.sort_keys)
    std::stable_sort(entries.begin(), entries.end(), [&](auto* a, auto* b) {
      return compare(memory_, a->first, b->first) < 0;
    });
  out += '{';
  bool first = true;
  for (const auto* entry : entries) {
    if (!std::exchange(first, false))
      out += style_.item_separator;
    line(depth + 1);
    key(entry->first);
    out += style_.key_separator;
    write(entry->second, depth + 1);
  }
  line(depth);
  out += '}';
}

void json_writer::write(const value& v, unsigned depth) {
  memory_.charge(16);
  if (depth > max_value_depth)
    throw fault("a value is nested deeper than "
                + std::to_string(max_value_depth) + " levels");
  switch (v.type) {
  case kind::none:
    out += "null";
    return;
  case kind::boolean:
    out += v.boolean ? "true" : "false";
    return;
  case kind::integer:
    out += std::to_string(v.integer);
    return;
  case kind::real:
    return number(v.real);
  case kind::text:
    return text(v.text());
  case kind::mapping:
    return dict(*v.dict, depth);
  case kind::sequence:
    if (v.list->type == flavor::list || v.list->type == flavor::tuple)
      return list(*v.list, depth);
    break;
  default:
    break;
  }
  throw fault("Object of type " + std::string(type_name(v))
              + " is not JSON serializable");
}

} // namespace

std::string json_text(heap& memory, const value& v, const json_style& style) {
  json_writer writer(memory, style);
  writer.write(v, 0);
  return std::move(writer.out);
}

} // namespace sluice::device::jinja
