// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/format.hpp"

#include "device/chat/format_spec.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

#include <cmath>

namespace sluice::device::jinja {

namespace {

constexpr auto npos = std::string_view::npos;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

std::int64_t read_number(std::string_view s, std::size_t& i) {
  std::int64_t n = 0;
  for (; i < s.size() && digit(s[i]); ++i)
    n = std::min<std::int64_t>(n * 10 + (s[i] - '0'), 1'000'000'000);
  return n;
}

/// The arguments of one % formatting, taken in turn or by name.
class percent_arguments {
public:
  percent_arguments(heap& memory, const value& args)
      : memory_(memory), args_(args),
        tuple_(args.is(kind::sequence) && args.list->type == flavor::tuple) {}

  value next() {
    if (tuple_ && used_ < args_.list->items.size())
      return args_.list->items[used_++];
    if (!tuple_ && used_++ == 0)
      return args_;
    throw fault("not enough arguments for format string");
  }
  value named(std::string_view name) {
    if (!args_.is(kind::mapping))
      throw fault("format requires a mapping");
    by_name_ = true;
    const value* found = args_.dict->find(name);
    if (!found)
      throw fault("'" + std::string(name) + "'");
    return *found;
  }
  void finish() const {
    const bool surplus = tuple_ ? used_ < args_.list->items.size()
                                : used_ == 0 && !by_name_
                                      && !args_.is(kind::mapping)
                                      && !args_.is(kind::sequence);
    if (surplus)
      throw fault("not all arguments converted during string formatting");
  }

private:
  heap& memory_;
  const value& args_;
  bool tuple_;
  bool by_name_ = false;
  std::size_t used_ = 0;
};

value whole(const value& v, char type) {
  require_defined(v);
  if (!v.is_number())
    throw fault(std::string("%") + type + " format: a real number is required,"
                + " not " + std::string(type_name(v)));
  if (!v.is(kind::real))
    return value::of_int(as_int(v));
  if (!(std::abs(v.real) < 9.2e18))
    throw fault("an integer exceeds 64 bits");
  return value::of_int(static_cast<std::int64_t>(v.real));
}

std::string percent_field(heap& memory, const value& v, format_spec spec) {
  if (!spec.align)
    spec.align = '>';
  switch (spec.type) {
  case 's':
  case 'r':
  case 'a': {
    const std::string text =
        spec.type == 's' ? to_string(memory, v) : repr(memory, v);
    spec.type = 's';
    if (spec.align == '=') {
      spec.align = '>';
      spec.fill = " ";
    }
    return format_value(memory, value::of_text(text), spec);
  }
  case 'd':
  case 'i':
  case 'u':
    spec.type = 'd';
    return format_value(memory, whole(v, 'd'), spec);
  case 'x':
  case 'X':
  case 'o':
    return format_value(memory, whole(v, spec.type), spec);
  case 'f':
  case 'F':
  case 'e':
  case 'E':
  case 'g':
  case 'G':
    require_defined(v);
    if (!v.is_number())
      throw fault("must be real number, not " + std::string(type_name(v)));
    return format_value(memory, v, spec);
  case 'c': {
    std::string text;
    if (v.is(kind::text))
      text = v.text();
    else
      encode(static_cast<char32_t>(whole(v, 'c').integer & 0x1FFFFF), text);
    spec.type = 's';
    return format_value(memory, value::of_text(text), spec);
  }
  default:
    throw fault(std::string("unsupported format character '") + spec.type
                + "'");
  }
}

void read_flags(std::string_view s, std::size_t& i, format_spec& spec) {
  for (; i < s.size(); ++i) {
    if (s[i] == '-') {
      spec.align = '<';
      spec.fill = " ";
    } else if (s[i] == '0' && spec.align != '<') {
      spec.align = '=';
      spec.fill = "0";
    } else if (s[i] == '+' || s[i] == ' ') {
      spec.sign = s[i];
    } else if (s[i] == '#') {
      spec.alternate = true;
    } else if (s[i] != '0') {
      return;
    }
  }
}

} // namespace

std::string percent_format(renderer& r, std::string_view s, const value& args) {
  heap& memory = r.memory();
  percent_arguments source(memory, args);
  std::string out;
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] != '%') {
      out += s[i++];
      continue;
    }
    if (++i < s.size() && s[i] == '%') {
      out += s[i++];
      continue;
    }
    std::optional<value> v;
    if (i < s.size() && s[i] == '(') {
      const std::size_t close = s.find(')', i);
      if (close == npos)
        throw fault("incomplete format key");
      v = source.named(s.substr(i + 1, close - i - 1));
      i = close + 1;
    }
    format_spec spec;
    read_flags(s, i, spec);
    const auto number = [&] {
      if (i < s.size() && s[i] == '*') {
        ++i;
        return whole(source.next(), '*').integer;
      }
      return read_number(s, i);
    };
    spec.width = number();
    if (spec.width < 0)
      throw fault("a negative width in a format");
    if (i < s.size() && s[i] == '.') {
      ++i;
      spec.precision = number();
    }
    if (i >= s.size())
      throw fault("incomplete format");
    spec.type = s[i++];
    if (!v)
      v = source.next();
    out += percent_field(memory, *v, spec);
    memory.charge(out.size() / 16);
  }
  source.finish();
  return out;
}

namespace {

format_spec read_spec(std::string_view s) {
  format_spec spec;
  std::size_t i = 0;
  constexpr std::string_view aligns = "<>^=";
  const auto at = [&](std::size_t k) { return k < s.size() ? s[k] : '\0'; };
  const std::size_t first = s.empty() ? 0 : decode(s, 0).bytes;
  if (first < s.size() && aligns.find(s[first]) != npos) {
    spec.fill = s.substr(0, first);
    spec.align = s[first];
    i = first + 1;
  } else if (!s.empty() && aligns.find(s[0]) != npos) {
    spec.align = s[0];
    i = 1;
  }
  if (at(i) == '+' || at(i) == '-' || at(i) == ' ')
    spec.sign = s[i++];
  if (at(i) == '#') {
    spec.alternate = true;
    ++i;
  }
  if (at(i) == '0' && !spec.align) {
    spec.fill = "0";
    spec.align = '=';
    ++i;
  }
  spec.width = read_number(s, i);
  if (at(i) == ',' || at(i) == '_')
    spec.grouping = s[i++];
  if (at(i) == '.') {
    ++i;
    spec.precision = read_number(s, i);
  }
  if (i < s.size())
    spec.type = s[i++];
  if (i < s.size())
    throw fault("Invalid format specifier '" + std::string(s) + "'");
  return spec;
}

/// What a field like 0.name[key] names.
value find_field(renderer& r, std::string_view path, const arguments& args,
                 std::size_t& automatic) {
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  const std::string_view head = path.substr(0, end);
  std::size_t i = 0;
  value v;
  if (head.empty() || digit(head[0])) {
    const std::size_t n = head.empty()
                              ? automatic++
                              : static_cast<std::size_t>(read_number(head, i));
    if (n >= args.positional.size())
      throw fault("Replacement index " + std::to_string(n)
                  + " out of range for positional args tuple");
    v = args.positional[n];
  } else {
    const auto at =
        std::find_if(args.named.begin(), args.named.end(),
                     [&](const auto& a) { return a.first == head; });
    if (at == args.named.end())
      throw fault("'" + std::string(head) + "'");
    v = at->second;
  }
  for (i = end; i < path.size();) {
    if (path[i] == '.') {
      const std::size_t stop =
          std::min(path.find_first_of(".[", i + 1), path.size());
      v = r.attribute(v, path.substr(i + 1, stop - i - 1));
      i = stop;
    } else {
      const std::size_t close = path.find(']', i);
      if (path[i] != '[' || close == npos)
        throw fault("Missing ']' in format string");
      const std::string_view key = path.substr(i + 1, close - i - 1);
      std::size_t k = 0;
      const bool number = !key.empty() && digit(key[0]);
      v = r.item(v, number ? value::of_int(read_number(key, k))
                           : value::of_text(key));
      i = close + 1;
    }
    require_defined(v);
  }
  return v;
}

std::string brace_field(renderer& r, std::string_view field,
                        const arguments& args, std::size_t& automatic) {
  const std::size_t colon = std::min(field.find(':'), field.size());
  std::string_view path = field.substr(0, colon);
  char conversion = 0;
  if (path.size() >= 2 && path[path.size() - 2] == '!') {
    conversion = path.back();
    path.remove_suffix(2);
  }
  value v = find_field(r, path, args, automatic);
  if (conversion == 'r' || conversion == 'a')
    v = r.text(repr(r.memory(), v));
  else if (conversion == 's')
    v = r.text(to_string(r.memory(), v));
  else if (conversion)
    throw fault(std::string("Unknown conversion specifier '") + conversion
                + "'");
  if (colon + 1 >= field.size())
    return to_string(r.memory(), v);
  std::string_view spec = field.substr(colon + 1);
  std::string nested;
  if (spec.find('{') != npos) {
    const std::size_t open = spec.find('{');
    const std::size_t close = std::min(spec.find('}', open), spec.size());
    nested = std::string(spec.substr(0, open))
             + to_string(r.memory(),
                         find_field(r, spec.substr(open + 1, close - open - 1),
                                    args, automatic));
    if (close + 1 < spec.size())
      nested += spec.substr(close + 1);
    spec = nested;
  }
  return format_value(r.memory(), v, read_spec(spec));
}

} // namespace

std::string brace_format(renderer& r, std::string_view s,
                         const arguments& args) {
  std::string out;
  std::size_t automatic = 0;
  for (std::size_t i = 0; i < s.size();) {
    const char c = s[i];
    if ((c == '{' || c == '}') && i + 1 < s.size() && s[i + 1] == c) {
      out += c;
      i += 2;
    } else if (c == '}') {
      throw fault("Single '}' encountered in format string");
    } else if (c != '{') {
      out += c;
      ++i;
    } else {
      unsigned open = 1;
      std::size_t end = i + 1;
      for (; end < s.size() && open > 0; ++end)
        open += s[end] == '{' ? 1u : s[end] == '}' ? ~0u : 0u;
      if (open > 0)
        throw fault("expected '}' before end of string");
      out += brace_field(r, s.substr(i + 1, end - i - 2), args, automatic);
      r.memory().charge(out.size() / 16);
      i = end;
    }
  }
  return out;
}

} // namespace sluice::device::jinja
