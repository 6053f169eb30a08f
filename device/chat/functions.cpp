// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/functions.hpp"

#include "device/chat/callables.hpp"
#include "device/error.hpp"

#include <ctime>

namespace sluice::device::jinja {

namespace {

constexpr std::int64_t max_range = 100'000; // as jinja2's sandbox

value range(renderer& r, const arguments& args) {
  const bound_arguments bound("range", args, {"start", "stop", "step"}, 1);
  std::int64_t start = 0, stop = bound.integer(0, 0);
  if (bound.has(1)) {
    start = stop;
    stop = bound.integer(1, 0);
  }
  const std::int64_t step = bound.integer(2, 1);
  if (step == 0)
    throw fault("range() arg 3 must not be zero");
  sequence* out = make_sequence(r.memory(), flavor::range);
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (out->items.size() == max_range)
      throw fault("Range too big. The sandbox blocks ranges larger than "
                  "MAX_RANGE (100000).");
    append(r.memory(), *out, value::of_int(i));
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  return value::of(out);
}

mapping* dict_of(renderer& r, const arguments& args) {
  mapping* made = make_mapping(r.memory());
  if (args.positional.size() > 1)
    throw fault("dict expected at most 1 argument, got "
                + std::to_string(args.positional.size()));
  if (!args.positional.empty()) {
    const value& from = args.positional[0];
    if (from.is(kind::mapping)) {
      for (const auto& [key, item] : from.dict->entries)
        made->set(r.memory(), key, item);
    } else {
      for (const auto& pair : r.iterate(from)->items) {
        const auto& two = r.iterate(pair)->items;
        if (two.size() != 2)
          throw fault("dictionary update sequence element has length "
                      + std::to_string(two.size()) + "; 2 is required");
        made->set(r.memory(), two[0], two[1]);
      }
    }
  }
  for (const auto& [name, item] : args.named)
    made->set(r.memory(), value::of_text(name), item);
  return made;
}

value dict(renderer& r, const arguments& args) {
  return value::of(dict_of(r, args));
}

value make_namespace(renderer& r, const arguments& args) {
  return value::of(r.memory().make<namespace_object>(dict_of(r, args)));
}

value make_cycler(renderer& r, const arguments& args) {
  if (args.positional.empty())
    throw fault("at least one item has to be provided");
  sequence* items = make_sequence(r.memory());
  for (const auto& v : args.positional)
    append(r.memory(), *items, v);
  return value::of(r.memory().make<cycler_object>(items));
}

value make_joiner(renderer& r, const arguments& args) {
  const bound_arguments bound("joiner", args, {"sep"});
  return value::of(r.memory().make<joiner_object>(bound.text(0, ", ")));
}

value raise_exception(renderer& r, const arguments& args) {
  const bound_arguments bound("raise_exception", args, {"message"}, 1);
  throw model_error(to_string(r.memory(), *bound[0]));
}

/// UTC, so that every node of a cluster renders the same prompt.
value strftime_now(renderer& r, const arguments& args) {
  const bound_arguments bound("strftime_now", args, {"format"}, 1);
  const std::time_t now = renderer::clock::to_time_t(r.now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  const std::string format(bound.text(0));
  if (format.empty())
    return value::of_text("");
  std::string out(format.size() * 32 + 64, '\0');
  r.memory().charge(out.size());
  out.resize(std::strftime(out.data(), out.size(), format.c_str(), &parts));
  return r.text(out);
}

constexpr std::pair<std::string_view, builtin_function::body> functions[] = {
    {"range", range},
    {"dict", dict},
    {"namespace", make_namespace},
    {"cycler", make_cycler},
    {"joiner", make_joiner},
    {"raise_exception", raise_exception},
    {"strftime_now", strftime_now},
};

} // namespace

object* find_function(renderer& r, std::string_view name) {
  for (const auto& [known, body] : functions)
    if (known == name)
      return r.memory().make<builtin_function>(body);
  return nullptr;
}

} // namespace sluice::device::jinja
