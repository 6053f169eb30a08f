// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/text_pieces.hpp"

#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

#include <algorithm>

namespace sluice::device::jinja {

namespace {

constexpr auto npos = std::string_view::npos;

value as_list(renderer& r, const std::vector<std::string_view>& pieces) {
  sequence* list = make_sequence(r.memory());
  list->items.reserve(pieces.size());
  for (std::string_view piece : pieces)
    append(r.memory(), *list, value::of_text(piece));
  return value::of(list);
}

std::size_t word_end(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto [c, n] = decode(text, i);
    if (is_space(c))
      break;
    i += n;
  }
  return i;
}

/// Where the last word of `text`, which ends with one, starts.
std::size_t last_word(std::string_view text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    i += n;
    if (is_space(c))
      start = i;
  }
  return start;
}

} // namespace

value split_words(renderer& r, std::string_view text, std::int64_t limit,
                  bool right) {
  std::vector<std::string_view> out;
  r.memory().charge(text.size());
  text = right ? strip_right(text) : strip_left(text);
  while (!text.empty()) {
    if (limit-- == 0) {
      out.push_back(right ? strip_right(text) : text);
      break;
    }
    if (right) {
      r.memory().charge(text.size());
      const std::size_t start = last_word(text);
      out.push_back(text.substr(start));
      text = strip_right(text.substr(0, start));
    } else {
      const std::size_t end = word_end(text);
      out.push_back(text.substr(0, end));
      text = strip_left(text.substr(end));
    }
  }
  if (right)
    std::reverse(out.begin(), out.end());
  return as_list(r, out);
}

value split_at(renderer& r, std::string_view text, std::string_view separator,
               std::int64_t limit, bool right) {
  if (separator.empty())
    throw fault("empty separator");
  std::vector<std::string_view> out;
  r.memory().charge(text.size());
  while (limit-- != 0) {
    const std::size_t at = right ? text.rfind(separator) : text.find(separator);
    if (at == npos)
      break;
    const std::size_t after = at + separator.size();
    out.push_back(right ? text.substr(after) : text.substr(0, at));
    text = right ? text.substr(0, at) : text.substr(after);
  }
  out.push_back(text);
  if (right)
    std::reverse(out.begin(), out.end());
  return as_list(r, out);
}

value split_lines(renderer& r, std::string_view text, bool keep_ends) {
  std::vector<std::string_view> out;
  r.memory().charge(text.size());
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    const std::size_t at = i;
    i += n;
    if (!((c >= 10 && c <= 13) || (c >= 0x1C && c <= 0x1E) || c == 0x85
          || c == 0x2028 || c == 0x2029))
      continue;
    if (c == '\r' && i < text.size() && text[i] == '\n')
      ++i;
    out.push_back(text.substr(start, (keep_ends ? i : at) - start));
    start = i;
  }
  if (start < text.size())
    out.push_back(text.substr(start));
  return as_list(r, out);
}

value replace_all(renderer& r, std::string_view text, std::string_view from,
                  std::string_view to, std::int64_t limit) {
  r.memory().charge(text.size());
  if (!from.empty() && text.find(from) == npos)
    return value::of_text(text);
  std::string out;
  std::size_t i = 0;
  while (limit != 0) {
    const std::size_t at = text.find(from, i);
    if (at == npos || (from.empty() && i > text.size()))
      break;
    --limit;
    r.memory().charge(to.size() + 1);
    out += text.substr(i, at - i);
    out += to;
    i = at + from.size();
    if (from.empty()) { // before each character, and at the end
      if (i >= text.size())
        return r.text(out);
      const std::size_t n = decode(text, i).bytes;
      out += text.substr(i, n);
      i += n;
    }
  }
  out += text.substr(i);
  return r.text(out);
}

} // namespace sluice::device::jinja
