// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// x[start:stop:step] on lists and, by code points, on text.

#include "device/chat/operators.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

#include <algorithm>

namespace sluice::device::jinja {

namespace {

std::int64_t bound(const value* v, std::int64_t otherwise) {
  if (!v || v->is(kind::none))
    return otherwise;
  if (!v->is(kind::integer) && !v->is(kind::boolean))
    throw fault("slice indices must be integers or None, not '"
                + std::string(type_name(*v)) + "'");
  return as_int(*v);
}

/// The chosen indices, as Python's slice.indices() gives them.
struct range_of {
  std::int64_t start, stop, step;
};

range_of indices(std::int64_t n, const value* start, const value* stop,
                 const value* step) {
  range_of out{};
  out.step = bound(step, 1);
  if (out.step == 0)
    throw fault("slice step cannot be zero");
  const bool back = out.step < 0;
  const std::int64_t low = back ? -1 : 0, high = back ? n - 1 : n;
  const auto clamp = [&](std::int64_t i) {
    if (i < 0)
      return std::max(i + n, low);
    return std::min(i, high);
  };
  out.start = start && !start->is(kind::none) ? clamp(bound(start, 0))
                                              : (back ? high : low);
  out.stop = stop && !stop->is(kind::none) ? clamp(bound(stop, 0))
                                           : (back ? low : high);
  return out;
}

template <class Visit>
void visit(const range_of& s, Visit&& take) {
  std::int64_t i = s.start;
  while (s.step > 0 ? i < s.stop : i > s.stop) {
    take(static_cast<std::size_t>(i));
    if (__builtin_add_overflow(i, s.step, &i))
      break;
  }
}

value text_slice(renderer& r, std::string_view text, const value* start,
                 const value* stop, const value* step) {
  r.memory().charge(text.size());
  const auto n = static_cast<std::int64_t>(length(text));
  const range_of s = indices(n, start, stop, step);
  if (s.step == 1) {
    if (s.start >= s.stop)
      return value::of_text("");
    const std::size_t from = offset_of(text, s.start);
    const std::size_t bytes = offset_of(text.substr(from), s.stop - s.start);
    return value::of_text(text.substr(from, bytes));
  }
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < text.size(); i += decode(text, i).bytes)
    offsets.push_back(i);
  std::string out;
  visit(s, [&](std::size_t i) {
    out += text.substr(offsets[i], decode(text, offsets[i]).bytes);
  });
  return r.text(out);
}

} // namespace

value slice_of(renderer& r, const value& v, const value* start,
               const value* stop, const value* step) {
  if (v.is(kind::text))
    return text_slice(r, v.text(), start, stop, step);
  require_defined(v);
  if (!v.is(kind::sequence) || !v.list->indexable())
    return value::missing("slice", v.type);
  const auto& items = v.list->items;
  sequence* out = make_sequence(r.memory(), v.list->type);
  visit(indices(static_cast<std::int64_t>(items.size()), start, stop, step),
        [&](std::size_t i) { append(r.memory(), *out, items[i]); });
  return value::of(out);
}

} // namespace sluice::device::jinja
