// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/structure.hpp"

#include "device/error.hpp"
#include "device/grammar/json_schema.hpp"
#include "device/grammar/regex_syntax.hpp"
#include "device/grammar/schema_reader.hpp"

namespace sluice::device {

namespace {

class structure_reader {
public:
  structure_reader(syntax& into, work_budget& budget)
      : into_{into}, budget_{budget} {}

  // The depth of JSON that is read bounds this recursion.
  expression read(const schema_part& part) {
    const auto& value = *part.schema;
    if (value.is_string())
      return into_.text(std::string{value.get_string()});
    if (value.is_array())
      return into_.sequence(read_all(part));
    if (const auto schema = find_keyword(part, "json_schema"))
      return inside(*schema, [&] {
        return parse_json_schema(*schema->schema, into_, budget_);
      });
    if (const auto pattern = find_keyword(part, "regex"))
      return inside(*pattern, [&] {
        return into_.embed(
            regex_machine(text_of(*pattern), regex_use::whole, budget_));
      });
    if (const auto branches = find_keyword(part, "any_of"))
      return into_.choice(read_all(*branches));
    if (const auto repeated = find_keyword(part, "repeat"))
      return read_repeat(part, *repeated);
    refuse_schema(part.path, "must be a string, an array, or an object with "
                             "json_schema, regex, any_of or repeat");
  }

private:
  std::vector<expression> read_all(const schema_part& list) {
    std::vector<expression> out;
    for (const auto& part : elements_of(list))
      out.push_back(read(part));
    return out;
  }

  expression read_repeat(const schema_part& part, const schema_part& repeated) {
    const auto count = [&](const char* name, std::uint32_t otherwise) {
      const auto keyword = find_keyword(part, name);
      return keyword ? count_of(*keyword) : otherwise;
    };
    const auto min = count("min", 0);
    const auto max = count("max", no_limit);
    if (min > max)
      refuse_schema(part.path, "min is above max");
    const auto separator = find_keyword(part, "separator");
    const auto one = into_.call_of("repeat", read(repeated));
    if (!separator || max == 0)
      return into_.repeat(one, min, max);
    const auto more = into_.repeat(into_.sequence({read(*separator), one}),
                                   min > 0 ? min - 1 : 0,
                                   max == no_limit ? no_limit : max - 1);
    const auto all = into_.sequence({one, more});
    return min == 0 ? into_.optional(all) : all;
  }

  template <class Make>
  static expression inside(const schema_part& at, Make make) {
    try {
      return make();
    } catch (const model_error& e) {
      const std::string_view text = e.what();
      const bool path = text.starts_with('.') || text.starts_with('[');
      throw model_error(at.path + (path ? "" : ": ") + e.what());
    }
  }

  syntax& into_;
  work_budget& budget_;
};

} // namespace

expression parse_structure(const boost::json::value& part, syntax& into,
                           work_budget& budget) {
  return structure_reader{into, budget}.read({&part, ""});
}

} // namespace sluice::device
