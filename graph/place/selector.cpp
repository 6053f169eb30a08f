// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/selector.hpp"

namespace sluice::graph {

namespace {

/// Whether `text` is what `pattern` describes; * is any text.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_pattern(std::string_view text) {
  for (char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*'))
      return false;
  return !text.empty();
}

std::optional<work_phase> phase_of(std::string_view text) {
  for (auto phase : {work_phase::prefill, work_phase::decode})
    if (text == name(phase))
      return phase;
  return std::nullopt;
}

bool meet(const std::optional<count_range>& a,
          const std::optional<count_range>& b) {
  return !a || !b || (a->min <= b->max && b->min <= a->max);
}

bool holds(const std::optional<count_range>& range, std::uint32_t index) {
  return meet(range, count_range{index, index});
}

} // namespace

std::string_view name(work_phase phase) noexcept {
  switch (phase) {
  case work_phase::prefill:
    return "prefill";
  case work_phase::decode:
    return "decode";
  case work_phase::both:
    break;
  }
  return "both";
}

bool selector::takes(std::uint32_t stage, std::uint32_t rank,
                     work_phase doing) const noexcept {
  return holds(stages, stage) && holds(ranks, rank)
         && (!phase || phase == doing);
}

bool selector::overlaps(const selector& other) const noexcept {
  return meet(stages, other.stages) && meet(ranks, other.ranks)
         && (!phase || !other.phase || phase == other.phase);
}

closeness selector::close() const noexcept {
  if (actor == "*")
    return closeness::everyone;
  return actor.find('*') == std::string::npos ? closeness::exact
                                              : closeness::pattern;
}

bool selector::matches(std::string_view name) const {
  return glob(actor, name);
}

shorthand<selector> parse_selector(std::string_view text) {
  selector out;
  auto dot = text.find('.');
  out.actor = text.substr(0, dot);
  if (!is_pattern(out.actor))
    return shorthand_error{0, "is no actor and no pattern such as 'home', "
                              "'h*' or 'home.stage[0..3]'"};
  while (dot != std::string_view::npos) {
    auto begin = dot + 1;
    if (const auto next = text.find('.', begin);
        !out.phase && phase_of(text.substr(begin, next - begin))) {
      out.phase = phase_of(text.substr(begin, next - begin));
      dot = next;
      continue;
    }
    auto open = text.find('[', begin);
    auto close = text.find(']', begin);
    auto part = text.substr(
        begin, open == std::string_view::npos ? open : open - begin);
    auto* target = part == "stage"  ? &out.stages
                   : part == "rank" ? &out.ranks
                                    : nullptr;
    if (!target || *target)
      return shorthand_error{begin, "has a part '" + std::string(part)
                                        + "'; parts are stage[...], rank[...], "
                                          "prefill and decode, each once"};
    if (open == std::string_view::npos || close == std::string_view::npos
        || close < open)
      return shorthand_error{begin, "lacks the numbers of its part, as in "
                                    "'stage[0..3]'"};
    auto range = parse_range(text.substr(open + 1, close - open - 1));
    if (auto* error = std::get_if<shorthand_error>(&range))
      return shorthand_error{open + 1 + error->offset, error->text};
    *target = std::get<count_range>(range);
    dot = close + 1 == text.size() ? std::string_view::npos : close + 1;
    if (dot != std::string_view::npos && text[dot] != '.')
      return shorthand_error{dot, "goes on after its part"};
  }
  return out;
}

} // namespace sluice::graph
