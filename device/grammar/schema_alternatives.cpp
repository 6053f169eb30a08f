// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// References and combinations resolved.
#include "device/grammar/schema_shape.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

constexpr std::size_t most_alternatives = 512;
constexpr std::size_t most_steps = 20'000;

class resolution {
public:
  explicit resolution(const schema_reader& reader) : reader_{reader} {}

  std::vector<conjunction> run(const conjunction& parts) {
    expand(parts, {});
    return std::move(out_);
  }

private:
  /// A combination keyword of which a branch was chosen.
  using chosen = std::vector<const boost::json::value*>;

  void expand(const conjunction& parts, const chosen& done) {
    if (++steps_ > most_steps)
      refuse_schema(parts.empty() ? "" : parts.front().path,
                    "the combinations are too many or without end");
    conjunction flat;
    for (const auto& part : parts)
      if (!flatten(part, flat))
        return; // false
    for (const auto& part : flat)
      for (const char* name : {"anyOf", "oneOf"}) {
        const auto keyword = find_keyword(part, name);
        if (!keyword || std::ranges::count(done, keyword->schema) > 0)
          continue;
        split(*keyword, name == std::string_view{"oneOf"}, flat, done);
        return;
      }
    if (out_.size() == most_alternatives)
      refuse_schema(flat.empty() ? "" : flat.front().path,
                    "there are more than " + std::to_string(most_alternatives)
                        + " combinations of its alternatives");
    out_.push_back(std::move(flat));
  }

  void split(const schema_part& keyword, bool exclusive,
             const conjunction& flat, chosen done) {
    done.push_back(keyword.schema);
    const auto branches = elements_of(keyword);
    if (exclusive)
      check_exclusive(reader_, branches);
    for (const auto& branch : branches) {
      auto parts = flat;
      parts.push_back(branch);
      expand(parts, done);
    }
  }

  // Appends `part` and what it refers to, each once; false if it is `false`.
  bool flatten(const schema_part& part, conjunction& flat) {
    conjunction todo{part};
    while (!todo.empty()) {
      const auto one = std::move(todo.back());
      todo.pop_back();
      check_schema(one);
      if (one.schema->is_bool()) {
        if (!one.schema->get_bool())
          return false;
        continue;
      }
      if (std::ranges::count(flat, one.schema, &schema_part::schema) > 0)
        continue;
      flat.push_back(one);
      if (const auto all = find_keyword(one, "allOf")) {
        auto branches = elements_of(*all);
        todo.insert(todo.end(), branches.rbegin(), branches.rend());
      }
      if (const auto reference = find_keyword(one, "$ref"))
        todo.push_back(reader_.resolve(*reference));
    }
    return true;
  }

  const schema_reader& reader_;
  std::size_t steps_ = 0;
  std::vector<conjunction> out_;
};

} // namespace

std::vector<conjunction> alternatives_of(const schema_reader& reader,
                                         const conjunction& parts) {
  return resolution{reader}.run(parts);
}

} // namespace sluice::device
