// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/declared_binder.hpp"

#include "graph/yaml/nearest.hpp"
#include "graph/yaml/scalar.hpp"
#include "graph/yaml/scalar_binder.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace sluice::graph::yaml {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value == std::floor(value) ? "%.0f" : "%g",
                value);
  return text;
}

const char* wanted(setting_type type) {
  switch (type) {
  case setting_type::text:
    return "a text";
  case setting_type::integer:
    return "a whole number";
  case setting_type::number:
    return "a number";
  case setting_type::truth:
    return "true or false";
  case setting_type::texts:
    return "a list of texts";
  }
  return "";
}

/// A scalar as the declared type; empty if it is none.
std::optional<setting_value> scalar(const node& value, setting_type type) {
  if (value.type != node_type::scalar)
    return std::nullopt;
  if (type == setting_type::text)
    return value.text;
  if (value.quoted)
    return std::nullopt;
  if (type == setting_type::integer)
    if (const auto whole = parse_int(value.text))
      return *whole;
  if (type == setting_type::number)
    if (const auto real = parse_double(value.text))
      return *real;
  if (type == setting_type::truth
      && (value.text == "true" || value.text == "false"))
    return value.text == "true";
  return std::nullopt;
}

/// A list, or a lone text for a list of one.
std::optional<setting_value> texts(const node& value) {
  std::vector<std::string> out;
  if (value.type == node_type::scalar)
    return std::vector{value.text};
  if (value.type != node_type::sequence)
    return std::nullopt;
  for (const auto& item : value.items) {
    if (item->type != node_type::scalar)
      return std::nullopt;
    out.push_back(item->text);
  }
  return out;
}

class declared_reader {
public:
  declared_reader(const declared_place& where) : where_(where) {}

  void read(const node& value, const declared_setting& setting,
            setting_values& out) {
    where_.places.put(where_.path + "." + setting.name, value.line,
                      value.column);
    const auto title = "field '" + setting.name + "'";
    if (value.type == node_type::null)
      return tell(value.line, value.column, title + " has no value");
    auto read = setting.type == setting_type::texts
                    ? texts(value)
                    : scalar(value, setting.type);
    if (!read)
      return tell(value.line, value.column,
                  title + " needs " + wanted(setting.type) + ", not "
                      + shown(value));
    if (within(value, setting, *read))
      out.insert_or_assign(setting.name, std::move(*read));
  }

  void tell(std::uint32_t line, std::uint32_t column, std::string text) {
    where_.found.push_back(
        {{where_.places.file(), line, column}, std::move(text)});
  }

private:
  bool within(const node& value, const declared_setting& setting,
              const setting_value& read) {
    double measured = 0;
    if (const auto* whole = std::get_if<std::int64_t>(&read))
      measured = static_cast<double>(*whole);
    else if (const auto* real = std::get_if<double>(&read))
      measured = *real;
    else
      return true;
    if (measured >= setting.least && measured <= setting.most)
      return true;
    auto range = std::isinf(setting.most) ? "at least " + number(setting.least)
                 : std::isinf(setting.least)
                     ? "at most " + number(setting.most)
                     : "between " + number(setting.least) + " and "
                           + number(setting.most);
    tell(value.line, value.column,
         "field '" + setting.name + "' must be " + range + ", not "
             + shown(value));
    return false;
  }

  const declared_place& where_;
};

} // namespace

setting_values read_declared(const node& actor,
                             const std::vector<declared_setting>& declared,
                             const std::vector<std::string>& others,
                             const declared_place& where) {
  declared_reader reader(where);
  setting_values out;
  std::vector<std::string> known = others;
  for (const auto& setting : declared)
    known.push_back(setting.name);
  for (const auto& item : actor.entries) {
    if (std::ranges::find(others, item.key) != others.end())
      continue;
    const auto found =
        std::ranges::find(declared, item.key, &declared_setting::name);
    if (found != declared.end())
      reader.read(*item.value, *found, out);
    else
      reader.tell(item.line, item.column,
                  "unknown field " + in_quotes(item.key)
                      + hint(item.key, known));
  }
  for (const auto& setting : declared) {
    const auto written =
        std::ranges::find(actor.entries, setting.name, &entry::key)
        != actor.entries.end();
    if (!written && setting.required)
      reader.tell(actor.line, actor.column,
                  where.title + " lacks the field '" + setting.name + "'");
    else if (!written)
      out.emplace(setting.name, setting.fallback);
  }
  return out;
}

} // namespace sluice::graph::yaml
