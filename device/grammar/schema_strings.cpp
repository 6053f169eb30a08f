// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/schema_strings.hpp"

#include "device/error.hpp"
#include "device/grammar/regex_syntax.hpp"
#include "device/grammar/schema_formats.hpp"

namespace sluice::device {

namespace {

machine text_of_length(std::uint32_t min, std::uint32_t max,
                       work_budget& budget) {
  syntax own;
  const auto character = own.chars({{0, last_character}});
  return draw_machine(own, own.repeat(character, min, max), budget);
}

machine pattern_machine(const placed<std::string_view>& pattern,
                        work_budget& budget) {
  try {
    return regex_machine(pattern.value, regex_use::search, budget);
  } catch (const model_error& e) {
    refuse_schema(pattern.path, e.what());
  }
}

machine format_machine(const placed<std::string_view>& format,
                       work_budget& budget) {
  const auto pattern = format_pattern(format.value);
  if (!pattern)
    refuse_schema(format.path, "format '" + std::string{format.value}
                                   + "' is not supported; these are: "
                                   + std::string{format_names()});
  return regex_machine(*pattern, regex_use::whole, budget);
}

} // namespace

machine any_text(work_budget& budget) {
  return text_of_length(0, no_limit, budget);
}

machine content_machine(const shape& what, work_budget& budget) {
  const auto max = what.max_length.value_or(no_limit);
  if (what.min_length > max)
    return {};
  std::optional<machine> out;
  const auto add = [&](machine more) {
    out = out ? intersect(*out, more, budget) : std::move(more);
  };
  for (const auto& pattern : what.patterns)
    add(pattern_machine(pattern, budget));
  for (const auto& format : what.formats)
    add(format_machine(format, budget));
  if (!out || what.min_length > 0 || max != no_limit)
    add(text_of_length(what.min_length, max, budget));
  return std::move(*out);
}

} // namespace sluice::device
