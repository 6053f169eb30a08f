// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/nfc.hpp"

#include "device/text/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <vector>

namespace sluice::device {

namespace {

struct decomposition {
  char32_t character;
  char32_t first;
  char32_t second; ///< 0: a single character
  bool composes;
};

struct class_range {
  char32_t first;
  char32_t last;
  unsigned char combining_class;
};

#include "device/text/nfc_tables.inc"

// Hangul syllables: leading consonants, vowels and trailing consonants in
// arithmetic order (Unicode 14, section 3.12).
constexpr char32_t syllables = 0xAC00, leads = 0x1100, vowels = 0x1161,
                   trails = 0x11A7;
constexpr char32_t lead_count = 19, vowel_count = 21, trail_count = 28;
constexpr char32_t syllable_count = lead_count * vowel_count * trail_count;

/// A character and its combining class.
struct mark {
  char32_t point;
  unsigned char combining_class;
};

unsigned char class_of(char32_t point) noexcept {
  const auto* range = std::partition_point(
      std::begin(combining_classes), std::end(combining_classes),
      [&](const class_range& r) { return r.last < point; });
  return range != std::end(combining_classes) && range->first <= point
             ? range->combining_class
             : 0;
}

void decompose(char32_t point, std::vector<mark>& out) {
  if (point >= syllables && point < syllables + syllable_count) {
    const auto index = point - syllables;
    out.push_back({leads + index / (vowel_count * trail_count), 0});
    out.push_back(
        {vowels + index % (vowel_count * trail_count) / trail_count, 0});
    if (index % trail_count != 0)
      out.push_back({trails + index % trail_count, 0});
    return;
  }
  const auto* found = std::partition_point(
      std::begin(decompositions), std::end(decompositions),
      [&](const decomposition& d) { return d.character < point; });
  if (found == std::end(decompositions) || found->character != point) {
    out.push_back({point, class_of(point)});
    return;
  }
  decompose(found->first, out);
  if (found->second != 0)
    decompose(found->second, out);
}

/// Marks after one base are sorted by class, in stable order.
void reorder(std::vector<mark>& marks) {
  const auto base = [](const mark& m) { return m.combining_class == 0; };
  for (auto at = marks.begin(); at != marks.end();) {
    at = std::find_if_not(at, marks.end(), base);
    const auto end = std::find_if(at, marks.end(), base);
    std::stable_sort(at, end, [](const mark& a, const mark& b) {
      return a.combining_class < b.combining_class;
    });
    at = end;
  }
}

std::uint64_t pair_of(char32_t first, char32_t second) noexcept {
  return std::uint64_t{first} << 32 | second;
}

/// What a pair composes to, or 0.
char32_t composed(char32_t first, char32_t second) {
  if (first >= leads && first < leads + lead_count && second >= vowels
      && second < vowels + vowel_count)
    return syllables
           + ((first - leads) * vowel_count + second - vowels) * trail_count;
  if (first >= syllables && first < syllables + syllable_count
      && (first - syllables) % trail_count == 0 && second > trails
      && second < trails + trail_count)
    return first + second - trails;
  static const auto pairs = [] {
    std::unordered_map<std::uint64_t, char32_t> all;
    for (const auto& d : decompositions)
      if (d.composes)
        all.emplace(pair_of(d.first, d.second), d.character);
    return all;
  }();
  const auto found = pairs.find(pair_of(first, second));
  return found == pairs.end() ? 0 : found->second;
}

void compose(std::vector<mark>& marks) {
  std::size_t kept = 0;
  std::size_t base = marks.size(); // index of the last base; none yet
  for (const auto next : marks) {
    // A mark is blocked from its base by another of its class or higher.
    const bool adjacent = base + 1 == kept;
    const bool blocked =
        base == marks.size()
        || (!adjacent
            && marks[kept - 1].combining_class >= next.combining_class);
    const auto whole = blocked ? 0 : composed(marks[base].point, next.point);
    if (whole != 0) {
      marks[base].point = whole;
      continue;
    }
    if (next.combining_class == 0)
      base = kept;
    marks[kept++] = next;
  }
  marks.resize(kept);
}

void append_utf8(char32_t point, std::string& out) {
  const auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (point < 0x80)
    return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xE0 | point >> 12);
    } else {
      put(0xF0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3F));
    }
    put(0x80 | (point >> 6 & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

} // namespace

void compose_nfc(std::string& text) {
  // Below U+0300 every character is in form C: lead bytes under 0xCC.
  if (std::none_of(text.begin(), text.end(), [](char byte) {
        return static_cast<unsigned char>(byte) >= 0xCC;
      }))
    return;
  std::string result;
  result.reserve(text.size());
  std::vector<mark> marks;
  const auto flush = [&] {
    reorder(marks);
    compose(marks);
    for (const auto& m : marks)
      append_utf8(m.point, result);
    marks.clear();
  };
  for (std::string_view rest = text; !rest.empty();) {
    const auto unit = read_utf8(rest);
    if (unit.state == utf8_state::valid) {
      decompose(code_point(rest.substr(0, unit.length)), marks);
    } else {
      flush();
      result += rest.substr(0, unit.length);
    }
    rest.remove_prefix(unit.length);
  }
  flush();
  text = std::move(result);
}

} // namespace sluice::device
