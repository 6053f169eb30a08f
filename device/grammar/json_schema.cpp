// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/json_schema.hpp"

#include "device/error.hpp"
#include "device/grammar/json_syntax.hpp"
#include "device/grammar/schema_shape.hpp"
#include "device/grammar/schema_strings.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace sluice::device {

namespace json = boost::json;

namespace {

constexpr std::size_t most_rules = 5000;
constexpr std::size_t deepest = 200; // schemas in schemas, references followed
constexpr double largest = 1e15;     // numbers have most_digits digits
constexpr double largest_divisor = 10'000;

class schema_writer {
public:
  schema_writer(const json::value& schema, syntax& into, work_budget& budget)
      : reader_{schema}, into_{into}, json_{into}, budget_{budget} {}

  expression write() { return of({reader_.root()}); }

private:
  // One rule for each set of schemas that hold together, so that recursive
  // ones end.
  expression of(const conjunction& parts) {
    std::vector<const json::value*> key;
    for (const auto& part : parts)
      key.push_back(part.schema);
    std::ranges::sort(key);
    const auto [at, fresh] = rules_.try_emplace(key, rule_id{});
    if (!fresh)
      return into_.call(at->second);
    const auto path = parts.empty() ? std::string{} : parts.front().path;
    if (rules_.size() > most_rules || depth_ > deepest)
      refuse_schema(path, "the schema is too large or nests too deeply");
    const auto rule = into_.declare(path.empty() ? "schema" : path);
    at->second = rule;
    ++depth_;
    into_.define(rule, build(parts));
    --depth_;
    return into_.call(rule);
  }

  expression build(const conjunction& parts) {
    if (parts.size() == 1)
      if (const auto direct = build_direct(parts.front()))
        return *direct;
    std::vector<expression> branches;
    for (const auto& one : alternatives_of(reader_, parts))
      branches.push_back(one.empty() ? json_.value() : build_plain(one));
    return branches.empty() ? into_.nothing()
                            : into_.choice(std::move(branches));
  }

  // Schemas that only refer or choose keep rules of their own for their
  // branches.
  std::optional<expression> build_direct(const schema_part& part) {
    check_schema(part);
    if (!part.schema->is_object())
      return std::nullopt;
    std::optional<schema_part> only;
    std::string_view name;
    for (const auto& [key, keyword] : members_of(part)) {
      if (is_annotation(key))
        continue;
      if (only)
        return std::nullopt;
      only = keyword;
      name = key;
    }
    if (only && name == "$ref")
      return of({reader_.resolve(*only)});
    if (!only || (name != "anyOf" && name != "oneOf"))
      return std::nullopt;
    const auto branches = elements_of(*only);
    if (name == "oneOf")
      check_exclusive(reader_, branches);
    std::vector<expression> out;
    for (const auto& branch : branches)
      out.push_back(of({branch}));
    return into_.choice(std::move(out));
  }

  expression build_plain(const conjunction& parts) {
    const auto what = shape_of(parts);
    if (what.values)
      return build_values(*what.values, parts);
    std::vector<expression> branches;
    const auto add = [&](json_type type, auto make) {
      if ((what.types & type) != 0)
        branches.push_back(make());
    };
    add(object_type, [&] { return build_object(what); });
    add(array_type, [&] { return build_array(what); });
    add(string_type, [&] { return build_string(what); });
    add(number_type, [&] { return build_number(what); });
    add(boolean_type, [&] { return json_.boolean(); });
    add(null_type, [&] { return json_.null(); });
    return branches.empty() ? into_.nothing()
                            : into_.choice(std::move(branches));
  }

  expression build_values(const conjunction& values, const conjunction& parts) {
    std::vector<expression> branches{into_.nothing()};
    for (const auto& one : values)
      if (satisfies(reader_, *one.schema, parts))
        branches.push_back(json_.constant(*one.schema));
    return into_.choice(std::move(branches));
  }

  expression build_object(const shape& what) {
    std::vector<expression> members;
    std::vector<bool> required;
    for (const auto& property : what.properties) {
      members.push_back(
          json_.member(json_.key(property.name), of(property.parts)));
      required.push_back(property.required);
    }
    const bool open =
        what.says_additional || (!what.declares_properties && members.empty());
    if (open) {
      const auto one = json_.member(other_keys(what), of(what.additional));
      const auto more = into_.sequence({json_.comma(), one});
      members.push_back(into_.sequence({one, into_.repeat(more, 0, no_limit)}));
      required.push_back(false);
    }
    return json_.object_of(std::move(members), std::move(required));
  }

  // Keys that are not declared.
  expression other_keys(const shape& what) {
    if (what.properties.empty())
      return json_.string();
    syntax own;
    std::vector<expression> names;
    for (const auto& property : what.properties)
      names.push_back(own.text(property.name));
    const auto declared =
        draw_machine(own, own.choice(std::move(names)), budget_);
    return json_.string_with(subtract(any_text(budget_), declared, budget_),
                             budget_);
  }

  expression build_array(const shape& what) {
    auto count = what.prefix.size();
    const auto most = what.max_items.value_or(no_limit);
    if (what.min_items > most)
      return into_.nothing();
    count = std::min<std::size_t>(count, most);
    std::vector<expression> first;
    for (std::size_t i = 0; i < count; ++i)
      first.push_back(of(what.prefix[i]));
    const auto ahead = static_cast<std::uint32_t>(count);
    const auto min = what.min_items > ahead ? what.min_items - ahead : 0;
    // After a prefix nothing more comes unless it is asked for.
    const bool open = what.says_items || what.prefix.empty() || min > 0;
    std::optional<expression> rest;
    std::uint32_t max = 0;
    if (open && most > ahead) {
      rest = of(what.items);
      max = most == no_limit ? no_limit : most - ahead;
    }
    return json_.array_of(first, what.min_items, rest, min, max);
  }

  expression build_string(const shape& what) {
    if (!what.patterns.empty() || !what.formats.empty())
      return json_.string_with(content_machine(what, budget_), budget_);
    const auto most = what.max_length.value_or(no_limit);
    if (what.min_length > most)
      return into_.nothing();
    return what.min_length == 0 && most == no_limit
               ? json_.string()
               : json_.string_of(what.min_length, most);
  }

  expression build_number(const shape& what) {
    if (!what.has_bounds())
      return what.whole ? json_.integer() : json_.number();
    number_bounds bounds;
    bounds.above = what.above;
    bounds.below = what.below;
    std::uint32_t fraction = what.whole ? 0 : most_digits - 1;
    read_bound(what.least, -largest, bounds.least, fraction);
    read_bound(what.most, largest, bounds.most, fraction);
    for (const auto& part : what.multiples)
      limit_fraction(part, fraction);
    auto made = number_machine(bounds, fraction, budget_);
    for (const auto& part : what.multiples)
      if (const auto divisor = number_of(part); divisor > 1)
        made = intersect(
            made,
            multiples_machine(static_cast<std::uint32_t>(divisor), budget_),
            budget_);
    return into_.embed(std::move(made));
  }

  // A bound that every number keeps is none. The digits of bound and fraction
  // together are those that readers tell apart.
  static void read_bound(const std::optional<schema_part>& bound, double none,
                         std::string& text, std::uint32_t& fraction) {
    if (!bound)
      return;
    const auto value = number_of(*bound);
    if (none < 0 ? value <= none : value >= none)
      return;
    if (std::abs(value) >= largest)
      refuse_schema(bound->path, "numbers have at most "
                                     + std::to_string(most_digits)
                                     + " digits here");
    text = decimal_text(*bound->schema);
    const auto digits = std::min(text.find('.'), text.size());
    fraction = std::min(
        fraction, most_digits
                      - std::min<std::uint32_t>(
                          most_digits, static_cast<std::uint32_t>(digits)));
  }

  // A divisor is whole, or a power of ten that limits the digits.
  static void limit_fraction(const schema_part& part, std::uint32_t& fraction) {
    const auto divisor = number_of(part);
    if (divisor >= 1 && divisor <= largest_divisor
        && std::trunc(divisor) == divisor) {
      fraction = 0;
      return;
    }
    const auto text = decimal_text(*part.schema);
    const auto point = text.find('.');
    const bool power = text.starts_with("0.") && text.back() == '1'
                       && text.find_first_not_of("0.") == text.size() - 1;
    if (!power)
      refuse_schema(part.path, "must be a whole number of at most 10000, or a "
                               "power of ten below 1");
    fraction =
        std::min(fraction, static_cast<std::uint32_t>(text.size() - point - 1));
  }

  schema_reader reader_;
  syntax& into_;
  json_syntax json_;
  work_budget& budget_;
  std::map<std::vector<const json::value*>, rule_id> rules_;
  std::size_t depth_ = 0;
};

} // namespace

expression parse_json_schema(const json::value& schema, syntax& into,
                             work_budget& budget) {
  return schema_writer{schema, into, budget}.write();
}

expression parse_json_object(syntax& into) {
  return json_syntax{into}.object();
}

} // namespace sluice::device
