// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/search.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::graph {

namespace {

// Less is rounding.
constexpr double least_gain = 1e-9;
constexpr std::size_t attempts = 4;
constexpr std::size_t passes = 6;

struct candidate {
  std::size_t slot;
  place_cost cost;
};

void add(place_cost& sum, const place_cost& more, double sign = 1) {
  sum.wishes += sign * more.wishes;
  sum.moves += sign * more.moves;
  sum.price += sign * more.price;
  sum.traffic += sign * more.traffic;
  sum.balance += sign * more.balance;
}

class searcher {
public:
  searcher(const place_problem& problem, std::size_t work, bool first)
      : problem_(problem), layout_(problem), first_(first),
        work_(
            std::max(work, 2 * problem.units.size() * problem.nodes().size())),
        boost_(problem.units.size()), seen_(problem.nodes().size()) {}

  search_result run() {
    const auto share = work_ / attempts;
    for (std::size_t i = 0; i < attempts; ++i) {
      // The last one may use what the others left.
      left_ = i + 1 == attempts ? work_ : std::min(share, work_);
      work_ -= left_;
      const auto order = ordered();
      furthest_ = 0;
      place_cost none;
      const bool whole = go(order, 0, none);
      work_ += left_;
      out_.complete = whole && !(first_ && out_.slots);
      if (whole || out_.slots || !out_.stuck)
        break;
      ++boost_[out_.stuck->unit];
    }
    if (out_.slots)
      out_.stuck.reset();
    if (out_.slots && !first_ && !out_.complete)
      improve();
    return std::move(out_);
  }

private:
  /// The hardest first: what got stuck before, what has the fewest nodes, what
  /// takes the most memory. The shards of a replica stay together.
  std::vector<std::size_t> ordered() const {
    struct group {
      std::vector<std::size_t> units;
      std::size_t boost = 0;
      std::size_t choices = std::numeric_limits<std::size_t>::max();
      std::uint64_t bytes = 0;
    };
    std::vector<group> groups;
    std::optional<std::size_t> replica;
    for (std::size_t i = 0; i < problem_.units.size(); ++i) {
      const auto own = problem_.units[i].replica;
      if (!own || own != replica)
        groups.emplace_back();
      replica = own;
      auto& at = groups.back();
      at.units.push_back(i);
      at.boost = std::max(at.boost, boost_[i]);
      at.choices = std::min(at.choices, choices(i));
      at.bytes = std::max(at.bytes, layout_.demand(i));
    }
    std::ranges::stable_sort(groups, [](const group& a, const group& b) {
      if (a.boost != b.boost)
        return a.boost > b.boost;
      return a.choices != b.choices ? a.choices < b.choices : a.bytes > b.bytes;
    });
    std::vector<std::size_t> out;
    for (const auto& one : groups)
      out.insert(out.end(), one.units.begin(), one.units.end());
    return out;
  }

  std::size_t choices(std::size_t unit) const {
    std::size_t out = 0;
    for (std::size_t node = 0; node < problem_.nodes().size(); ++node)
      out += layout_.unfit(unit, node) ? 0 : 1;
    return out;
  }

  /// Slots of a node that are worth a look: main memory, or of GPUs that are
  /// alike and free the first.
  std::vector<std::size_t> slots_on(std::size_t unit, std::size_t node) const {
    const auto& slots = problem_.slots_of[node];
    if (!layout_.wants_gpu(unit) || slots.size() == 1)
      return {slots.front()};
    std::vector<std::size_t> out;
    for (auto slot : slots)
      if (problem_.slots[slot].gpu && !layout_.forbids(unit, slot)
          && (out.empty()
              || problem_.slots[out.back()].bytes
                     != problem_.slots[slot].bytes))
        out.push_back(slot);
    if (out.empty())
      out.push_back(slots[1]);
    return out;
  }

  /// Allowed slots, the cheapest first. Of untouched nodes that are alike, the
  /// first stands for all.
  std::vector<candidate> candidates(std::size_t unit) {
    std::vector<candidate> out;
    ++stamp_;
    for (std::size_t node = 0; node < problem_.nodes().size(); ++node) {
      if (layout_.unfit(unit, node))
        continue;
      if (layout_.untouched(node)
          && std::exchange(seen_[problem_.alike[node]], stamp_) == stamp_)
        continue;
      for (auto slot : slots_on(unit, node))
        if (!layout_.forbids(unit, slot))
          out.push_back({slot, layout_.cost_of(unit, slot)});
    }
    spend(problem_.nodes().size());
    std::ranges::stable_sort(
        out, {}, [](const candidate& one) { return one.cost.sum(); });
    return out;
  }

  void spend(std::size_t work) { left_ -= std::min(left_, work); }

  /// Tries all slots for the units from `at` on; false if some were left out.
  bool go(const std::vector<std::size_t>& order, std::size_t at,
          const place_cost& so_far) {
    if (at == order.size())
      return finish(so_far);
    const auto unit = order[at];
    const auto found = candidates(unit);
    if (found.empty())
      note_stuck(at, unit);
    bool whole = true;
    for (const auto& one : found) {
      auto cost = so_far;
      add(cost, one.cost);
      if (cost.sum() >= best_ - least_gain)
        break;
      layout_.put(unit, one.slot);
      if (!ends_replica(order, at) || fits(*problem_.units[unit].replica, at))
        whole = go(order, at + 1, cost) && whole;
      layout_.take(unit);
      if (first_ && out_.slots)
        return true;
      if (left_ == 0)
        return false;
    }
    return whole;
  }

  bool ends_replica(const std::vector<std::size_t>& order,
                    std::size_t at) const {
    const auto replica = problem_.units[order[at]].replica;
    return replica && problem_.replicas[*replica].units.back() == order[at];
  }

  /// Whether the layers of one replica fit beside what others take at least.
  bool fits(std::size_t replica, std::size_t at) {
    const auto& one = problem_.replicas[replica];
    const std::size_t layers = one.ranges->layers();
    spend(one.degrees.pipeline * layers * layers / 64);
    if (layout_.split_one(replica))
      return true;
    if (!out_.slots && at >= furthest_) {
      furthest_ = at;
      note_split(replica);
    }
    return false;
  }

  bool finish(const place_cost& so_far) {
    auto layers = layout_.split();
    if (!layers) {
      if (!out_.slots && !problem_.replicas.empty()) {
        furthest_ = problem_.units.size();
        note_split(problem_.replicas.size() - 1);
      }
      return true;
    }
    auto cost = so_far;
    cost.bottleneck = layout_.bottlenecks(*layers);
    if (cost.sum() < best_ - least_gain) {
      best_ = cost.sum();
      out_.cost = cost;
      out_.layers = std::move(*layers);
      out_.slots.emplace();
      for (std::size_t i = 0; i < problem_.units.size(); ++i)
        out_.slots->push_back(*layout_.slot_of(i));
    }
    return true;
  }

  void note_stuck(std::size_t at, std::size_t unit) {
    if (out_.slots || (out_.stuck && at <= furthest_))
      return;
    furthest_ = at;
    out_.stuck = dead_end{unit, {}, {}, {}};
    for (std::size_t node = 0; node < problem_.nodes().size(); ++node)
      out_.stuck->nodes.push_back(
          layout_.forbids(unit, slots_on(unit, node).front()));
  }

  void note_split(std::size_t replica) {
    out_.stuck = dead_end{problem_.replicas[replica].units.front(),
                          {},
                          replica,
                          layout_.room_of(replica)};
  }

  // -- local improvement ----------------------------------------------------

  /// Moves single units while that makes it cheaper.
  void improve() {
    left_ = work_;
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      layout_.put(i, (*out_.slots)[i]);
    bool better = true;
    for (std::size_t pass = 0; better && pass < passes && left_ > 0; ++pass) {
      better = false;
      for (std::size_t i = 0; i < problem_.units.size() && left_ > 0; ++i)
        better = move(i) || better;
    }
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      layout_.take(i);
  }

  bool move(std::size_t unit) {
    const auto home = *layout_.slot_of(unit);
    layout_.take(unit);
    const auto here = layout_.cost_of(unit, home);
    for (const auto& one : candidates(unit)) {
      if (one.cost.sum() >= here.sum() - least_gain)
        break;
      layout_.put(unit, one.slot);
      if (accept(here, one.cost))
        return true;
      layout_.take(unit);
    }
    layout_.put(unit, home);
    return false;
  }

  bool accept(const place_cost& before, const place_cost& after) {
    for (const auto& one : problem_.replicas) {
      const std::size_t layers = one.ranges->layers();
      spend(one.degrees.pipeline * layers * layers / 64);
    }
    auto layers = layout_.split();
    if (!layers)
      return false;
    auto cost = out_.cost;
    add(cost, before, -1);
    add(cost, after);
    cost.bottleneck = layout_.bottlenecks(*layers);
    if (cost.sum() >= out_.cost.sum() - least_gain)
      return false;
    out_.cost = cost;
    out_.layers = std::move(*layers);
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      (*out_.slots)[i] = *layout_.slot_of(i);
    return true;
  }

  const place_problem& problem_;
  layout layout_;
  bool first_;
  std::size_t work_;
  std::size_t left_ = 0;
  std::vector<std::size_t> boost_; // by unit
  std::vector<std::size_t> seen_;  // by node class, stamp
  std::size_t stamp_ = 0;
  std::size_t furthest_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
  search_result out_;
};

} // namespace

search_result search(const place_problem& problem, std::size_t work,
                     bool first) {
  return searcher(problem, work, first).run();
}

} // namespace sluice::graph
