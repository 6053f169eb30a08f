// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/format.hpp"
#include "device/chat/methods.hpp"
#include "device/chat/operators.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"
#include "device/chat/text_pieces.hpp"

#include <algorithm>

namespace sluice::device::jinja {

namespace {

constexpr auto npos = std::string_view::npos;

std::string_view characters(const bound_arguments& bound) {
  return bound.is_none(0) ? std::string_view() : bound.text(0);
}

value strip(renderer&, const value& self, const arguments& args) {
  const bound_arguments bound("strip", args, {"chars"});
  const std::string_view set = characters(bound);
  return value::of_text(strip_right(strip_left(self.text(), set), set));
}

value lstrip(renderer&, const value& self, const arguments& args) {
  const bound_arguments bound("lstrip", args, {"chars"});
  return value::of_text(strip_left(self.text(), characters(bound)));
}

value rstrip(renderer&, const value& self, const arguments& args) {
  const bound_arguments bound("rstrip", args, {"chars"});
  return value::of_text(strip_right(self.text(), characters(bound)));
}

value split_from(renderer& r, const value& self, const arguments& args,
                 bool right) {
  const bound_arguments bound(right ? "rsplit" : "split", args,
                              {"sep", "maxsplit"});
  const std::int64_t limit = bound.integer(1, -1);
  if (bound.is_none(0))
    return split_words(r, self.text(), limit, right);
  return split_at(r, self.text(), bound.text(0), limit, right);
}

value split(renderer& r, const value& self, const arguments& args) {
  return split_from(r, self, args, false);
}

value rsplit(renderer& r, const value& self, const arguments& args) {
  return split_from(r, self, args, true);
}

value splitlines(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("splitlines", args, {"keepends"});
  return split_lines(r, self.text(), bound.flag(0, false));
}

/// (before, separator, after); all of it on one side when it is not found.
value parts(renderer& r, const value& self, const arguments& args, bool right) {
  const bound_arguments bound(right ? "rpartition" : "partition", args, {"sep"},
                              1);
  const std::string_view text = self.text(), sep = bound.text(0);
  if (sep.empty())
    throw fault("empty separator");
  r.memory().charge(text.size());
  const std::size_t at = right ? text.rfind(sep) : text.find(sep);
  std::string_view three[3] = {right ? "" : text, "", right ? text : ""};
  if (at != npos) {
    three[0] = text.substr(0, at);
    three[1] = sep;
    three[2] = text.substr(at + sep.size());
  }
  sequence* out = make_sequence(r.memory(), flavor::tuple);
  for (std::string_view part : three)
    append(r.memory(), *out, value::of_text(part));
  return value::of(out);
}

value partition(renderer& r, const value& self, const arguments& args) {
  return parts(r, self, args, false);
}

value rpartition(renderer& r, const value& self, const arguments& args) {
  return parts(r, self, args, true);
}

/// The part of `self` that optional start and end leave; `from` becomes its
/// first code point's index.
std::string_view window(renderer& r, const value& self,
                        const bound_arguments& bound, std::int64_t& from) {
  from = 0;
  if (!bound.has(1) && !bound.has(2))
    return self.text();
  const value part = slice_of(r, self, bound[1], bound[2], nullptr);
  if (!bound.is_none(1)) {
    const auto n = static_cast<std::int64_t>(length(self.text()));
    const std::int64_t start = bound.integer(1, 0);
    from = std::clamp<std::int64_t>(start < 0 ? start + n : start, 0, n);
  }
  return part.text();
}

bool any_affix(const value& wanted, std::string_view text, bool front) {
  const auto one = [&](const value& v) {
    require_defined(v);
    if (!v.is(kind::text))
      throw fault("startswith and endswith want a str or a tuple of str, not "
                  + std::string(type_name(v)));
    return front ? text.starts_with(v.text()) : text.ends_with(v.text());
  };
  if (wanted.is(kind::sequence) && wanted.list->type == flavor::tuple)
    return std::any_of(wanted.list->items.begin(), wanted.list->items.end(),
                       one);
  return one(wanted);
}

value startswith(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("startswith", args, {"prefix", "start", "end"},
                              1);
  std::int64_t from;
  return value::of_bool(
      any_affix(*bound[0], window(r, self, bound, from), true));
}

value endswith(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("endswith", args, {"suffix", "start", "end"}, 1);
  std::int64_t from;
  return value::of_bool(
      any_affix(*bound[0], window(r, self, bound, from), false));
}

std::int64_t position(renderer& r, const value& self, const arguments& args,
                      std::string_view name, bool right) {
  const bound_arguments bound(name, args, {"sub", "start", "end"}, 1);
  std::int64_t from;
  const std::string_view text = window(r, self, bound, from);
  r.memory().charge(text.size());
  const std::size_t at =
      right ? text.rfind(bound.text(0)) : text.find(bound.text(0));
  if (at == npos)
    return -1;
  return from + static_cast<std::int64_t>(length(text.substr(0, at)));
}

value find(renderer& r, const value& self, const arguments& args) {
  return value::of_int(position(r, self, args, "find", false));
}

value rfind(renderer& r, const value& self, const arguments& args) {
  return value::of_int(position(r, self, args, "rfind", true));
}

value index(renderer& r, const value& self, const arguments& args) {
  const std::int64_t at = position(r, self, args, "index", false);
  if (at < 0)
    throw fault("substring not found");
  return value::of_int(at);
}

value count(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("count", args, {"sub", "start", "end"}, 1);
  std::int64_t from;
  const std::string_view text = window(r, self, bound, from);
  const std::string_view sub = bound.text(0);
  r.memory().charge(text.size());
  if (sub.empty())
    return value::of_int(static_cast<std::int64_t>(length(text)) + 1);
  std::int64_t n = 0;
  for (std::size_t i = text.find(sub); i != npos;
       i = text.find(sub, i + sub.size()))
    ++n;
  return value::of_int(n);
}

value replace(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("replace", args, {"old", "new", "count"}, 2);
  return replace_all(r, self.text(), bound.text(0), bound.text(1),
                     bound.integer(2, -1));
}

value join(renderer& r, const value& self, const arguments& args) {
  const bound_arguments bound("join", args, {"iterable"}, 1);
  std::string out;
  std::size_t i = 0;
  for (const auto& item : r.iterate(*bound[0])->items) {
    if (!item.is(kind::text))
      throw fault("sequence item " + std::to_string(i)
                  + ": expected str instance, " + std::string(type_name(item))
                  + " found");
    r.memory().charge(item.size + self.size);
    if (i++ > 0)
      out += self.text();
    out += item.text();
  }
  return r.text(out);
}

value format(renderer& r, const value& self, const arguments& args) {
  return r.text(brace_format(r, self.text(), args));
}

value removed(const value& self, const arguments& args, bool front) {
  const bound_arguments bound(front ? "removeprefix" : "removesuffix", args,
                              {"affix"}, 1);
  std::string_view text = self.text();
  const std::string_view affix = bound.text(0);
  if (front && text.starts_with(affix))
    text.remove_prefix(affix.size());
  if (!front && text.ends_with(affix))
    text.remove_suffix(affix.size());
  return value::of_text(text);
}

value removeprefix(renderer&, const value& self, const arguments& args) {
  return removed(self, args, true);
}

value removesuffix(renderer&, const value& self, const arguments& args) {
  return removed(self, args, false);
}

template <std::string (*Convert)(std::string_view)>
value converted(renderer& r, const value& self, const arguments& args) {
  bound_arguments("str method", args, {});
  r.memory().charge(self.size);
  return r.text(Convert(self.text()));
}

/// Non-empty and every character fits.
template <bool (*Fits)(char32_t)>
value all_fit(renderer& r, const value& self, const arguments& args) {
  bound_arguments("str method", args, {});
  r.memory().charge(self.size);
  const std::string_view text = self.text();
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    if (!Fits(c))
      return value::of_bool(false);
    i += n;
  }
  return value::of_bool(!text.empty());
}

bool is_alphanumeric(char32_t c) {
  return is_alpha(c) || is_digit(c);
}

/// Some cased character, and none of the other case.
template <bool (*Fits)(char32_t), bool (*Opposite)(char32_t)>
value all_cased(renderer& r, const value& self, const arguments& args) {
  bound_arguments("str method", args, {});
  r.memory().charge(self.size);
  bool some = false;
  const std::string_view text = self.text();
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    if (Opposite(c))
      return value::of_bool(false);
    some |= Fits(c);
    i += n;
  }
  return value::of_bool(some);
}

value justified(renderer& r, const value& self, const arguments& args,
                std::string_view name, char align) {
  const bound_arguments bound(name, args, {"width", "fillchar"}, 1);
  const std::int64_t wanted = std::min<std::int64_t>(
      bound.integer(0, 0), static_cast<std::int64_t>(max_work));
  const std::int64_t missing =
      wanted - static_cast<std::int64_t>(length(self.text()));
  if (missing <= 0)
    return self;
  const std::string_view fill = bound.text(1, " ");
  if (length(fill) != 1)
    throw fault("The fill character must be exactly one character long");
  const auto n = static_cast<std::size_t>(missing);
  r.memory().charge(n * fill.size());
  const std::size_t left =
      align == '<'   ? 0
      : align == '>' ? n
                     : n / 2 + (n & static_cast<std::size_t>(wanted) & 1);
  std::string out;
  for (std::size_t i = 0; i < left; ++i)
    out += fill;
  out += self.text();
  for (std::size_t i = left; i < n; ++i)
    out += fill;
  return r.text(out);
}

value ljust(renderer& r, const value& self, const arguments& args) {
  return justified(r, self, args, "ljust", '<');
}
value rjust(renderer& r, const value& self, const arguments& args) {
  return justified(r, self, args, "rjust", '>');
}
value center(renderer& r, const value& self, const arguments& args) {
  return justified(r, self, args, "center", '^');
}

constexpr std::pair<std::string_view, operation> methods[] = {
    {"strip", strip},
    {"lstrip", lstrip},
    {"rstrip", rstrip},
    {"split", split},
    {"rsplit", rsplit},
    {"splitlines", splitlines},
    {"partition", partition},
    {"rpartition", rpartition},
    {"startswith", startswith},
    {"endswith", endswith},
    {"find", find},
    {"rfind", rfind},
    {"index", index},
    {"count", count},
    {"replace", replace},
    {"join", join},
    {"format", format},
    {"removeprefix", removeprefix},
    {"removesuffix", removesuffix},
    {"upper", converted<upper>},
    {"lower", converted<lower>},
    {"casefold", converted<lower>},
    {"title", converted<title>},
    {"capitalize", converted<capitalize>},
    {"swapcase", converted<swap_case>},
    {"isspace", all_fit<is_space>},
    {"isalpha", all_fit<is_alpha>},
    {"isdigit", all_fit<is_digit>},
    {"isnumeric", all_fit<is_digit>},
    {"isdecimal", all_fit<is_digit>},
    {"isalnum", all_fit<is_alphanumeric>},
    {"isupper", all_cased<is_upper, is_lower>},
    {"islower", all_cased<is_lower, is_upper>},
    {"ljust", ljust},
    {"rjust", rjust},
    {"center", center},
};

} // namespace

operation find_text_method(std::string_view name) {
  for (const auto& [known, run] : methods)
    if (known == name)
      return run;
  return nullptr;
}

} // namespace sluice::device::jinja
