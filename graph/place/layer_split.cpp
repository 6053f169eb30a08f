// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/layer_split.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::graph {

namespace {

constexpr double never = std::numeric_limits<double>::infinity();

double seconds(const split_request& request, std::size_t stage,
               std::uint32_t first, std::uint32_t last) {
  return request.ranges->work(first, last) / request.stages[stage].speed;
}

/// Bytes that each shard takes.
std::uint64_t held(const split_request& request, std::size_t stage,
                   std::uint32_t first, std::uint32_t last) {
  return std::max(request.stages[stage].floor,
                  request.ranges->memory(first, last));
}

/// Whether the pools have room for a range as that stage.
bool fits(const split_request& request, std::size_t stage, std::uint32_t first,
          std::uint32_t last, const std::vector<std::uint64_t>& pools) {
  const auto bytes = held(request, stage, first, last);
  return std::ranges::all_of(request.stages[stage].pools, [&](const auto& one) {
    return pools[one.pool] / one.shards >= bytes;
  });
}

void take(const split_request& request, std::size_t stage, std::uint32_t first,
          std::uint32_t last, std::vector<std::uint64_t>& pools) {
  for (const auto& one : request.stages[stage].pools)
    if (pools[one.pool] != unlimited)
      pools[one.pool] -= one.shards * held(request, stage, first, last);
}

void give(const split_request& request, std::size_t stage, std::uint32_t first,
          std::uint32_t last, std::vector<std::uint64_t>& pools) {
  for (const auto& one : request.stages[stage].pools)
    if (pools[one.pool] != unlimited)
      pools[one.pool] += one.shards * held(request, stage, first, last);
}

/// Dynamic programming over (stage, layers before its end). Pools are looked at
/// for each stage alone.
class even_split {
public:
  even_split(const split_request& request,
             const std::vector<std::uint64_t>& pools)
      : request_(request), pools_(pools), layers_(request.ranges->layers()),
        stages_(static_cast<std::uint32_t>(request.stages.size())) {}

  std::optional<layer_ranges> run() {
    if (stages_ > layers_)
      return std::nullopt;
    // First the least bottleneck, then the most even times under it.
    const auto worst =
        pass(never, [](double a, double b) { return std::max(a, b); });
    if (worst == never)
      return std::nullopt;
    pass(worst, [](double a, double b) { return a + b * b; });
    layer_ranges out(stages_);
    auto end = layers_;
    for (auto stage = stages_; stage-- > 0;) {
      const auto begin = from_[stage * (layers_ + 1) + end];
      out[stage] = {begin, end};
      end = begin;
    }
    return out;
  }

private:
  /// The best of `join` over all splits whose stages take at most `most`.
  template <class Join>
  double pass(double most, Join join) {
    from_.assign(std::size_t{stages_} * (layers_ + 1), 0);
    std::vector<double> before(layers_ + 1, never), after;
    before[0] = 0;
    for (std::uint32_t stage = 0; stage < stages_; ++stage) {
      after.assign(layers_ + 1, never);
      for (auto end = stage + 1; end <= layers_; ++end)
        for (auto begin = stage; begin < end; ++begin) {
          if (before[begin] == never)
            continue;
          const auto time = seconds(request_, stage, begin, end);
          const auto joined = join(before[begin], time);
          if (time > most || joined >= after[end]
              || !fits(request_, stage, begin, end, pools_))
            continue;
          after[end] = joined;
          from_[stage * (layers_ + 1) + end] = begin;
        }
      before.swap(after);
    }
    return before[layers_];
  }

  const split_request& request_;
  const std::vector<std::uint64_t>& pools_;
  std::uint32_t layers_;
  std::uint32_t stages_;
  std::vector<std::uint32_t> from_; // [stages, layers + 1]
};

/// Every split of all replicas, cut off where it cannot get better.
class joint_split {
public:
  joint_split(std::span<const split_request> requests,
              std::vector<std::uint64_t>& pools, std::size_t work)
      : requests_(requests), pools_(pools), work_(work),
        chosen_(requests.size()) {}

  std::optional<std::vector<layer_ranges>> run() {
    go(0, 0, 0, 0, 0);
    return best_;
  }

private:
  void go(std::size_t replica, std::size_t stage, std::uint32_t begin,
          double sum, double worst) {
    if (work_ == 0 || sum + worst >= best_sum_)
      return;
    --work_;
    if (replica == requests_.size()) {
      best_ = chosen_;
      best_sum_ = sum;
      return;
    }
    const auto& request = requests_[replica];
    const auto layers = request.ranges->layers();
    const auto left = static_cast<std::uint32_t>(request.stages.size() - stage);
    if (left == 0) {
      if (begin == layers)
        go(replica + 1, 0, 0, sum + worst, 0);
      return;
    }
    const auto first_end = left == 1 ? layers : begin + 1;
    for (auto end = first_end; end + left <= layers + 1 && end > begin; ++end) {
      if (!fits(request, stage, begin, end, pools_)) {
        // Longer ranges hold more.
        break;
      }
      take(request, stage, begin, end, pools_);
      chosen_[replica].push_back({begin, end});
      go(replica, stage + 1, end, sum,
         std::max(worst, seconds(request, stage, begin, end)));
      chosen_[replica].pop_back();
      give(request, stage, begin, end, pools_);
    }
  }

  std::span<const split_request> requests_;
  std::vector<std::uint64_t>& pools_;
  std::size_t work_;
  std::vector<layer_ranges> chosen_;
  std::optional<std::vector<layer_ranges>> best_;
  double best_sum_ = never;
};

} // namespace

range_table::range_table(const model_shape& shape, std::uint32_t tensor,
                         std::uint32_t expert)
    : layers_(static_cast<std::uint32_t>(shape.layers.size())),
      memory_(std::size_t{layers_ + 1} * (layers_ + 1)), work_(memory_.size()) {
  for (std::uint32_t first = 0; first < layers_; ++first)
    for (auto last = first + 1; last <= layers_; ++last) {
      const auto at = first * (layers_ + 1) + last;
      memory_[at] = shape.shard_memory({first, last}, tensor, expert);
      work_[at] = shape.work({first, last}, expert) / tensor;
    }
}

std::uint64_t range_table::least(std::uint32_t stage,
                                 std::uint32_t stages) const {
  if (stages == 1)
    return memory(0, layers_);
  if (stage == 0)
    return memory(0, 1);
  if (stage + 1 == stages)
    return memory(layers_ - 1, layers_);
  auto out = unlimited;
  for (auto first = stage; first + (stages - stage) <= layers_; ++first)
    out = std::min(out, memory(first, first + 1));
  return out;
}

double bottleneck(const split_request& request, const layer_ranges& ranges) {
  double out = 0;
  for (std::size_t stage = 0; stage < ranges.size(); ++stage)
    out = std::max(
        out, seconds(request, stage, ranges[stage].first, ranges[stage].last));
  return out;
}

bool hold(const split_request& request, const layer_ranges& ranges,
          std::vector<std::uint64_t>& pools) {
  auto left = pools;
  for (std::size_t stage = 0; stage < ranges.size(); ++stage) {
    const auto [first, last] = ranges[stage];
    if (!fits(request, stage, first, last, left))
      return false;
    take(request, stage, first, last, left);
  }
  pools = std::move(left);
  return true;
}

void release(const split_request& request, const layer_ranges& ranges,
             std::vector<std::uint64_t>& pools) {
  for (std::size_t stage = 0; stage < ranges.size(); ++stage)
    give(request, stage, ranges[stage].first, ranges[stage].last, pools);
}

std::optional<layer_ranges> split(const split_request& request,
                                  std::vector<std::uint64_t>& pools,
                                  std::size_t work) {
  auto out = even_split(request, pools).run();
  // Without sharing even alone it does not fit; with it, less may.
  if (!out || hold(request, *out, pools))
    return out;
  const auto found = joint_split({&request, 1}, pools, work).run();
  if (!found)
    return std::nullopt;
  hold(request, found->front(), pools);
  return found->front();
}

std::optional<std::vector<layer_ranges>>
split_all(std::span<const split_request> requests,
          std::vector<std::uint64_t>& pools, std::size_t work) {
  auto left = pools;
  std::vector<layer_ranges> out;
  for (const auto& request : requests) {
    auto one = split(request, left, work);
    if (!one)
      break;
    out.push_back(std::move(*one));
  }
  if (out.size() == requests.size()) {
    pools = std::move(left);
    return out;
  }
  // Alone in the pools and still too large: no order of replicas helps.
  if (requests.size() == 1)
    return std::nullopt;
  auto joined = joint_split(requests, pools, work).run();
  for (std::size_t i = 0; joined && i < requests.size(); ++i)
    hold(requests[i], (*joined)[i], pools);
  return joined;
}

} // namespace sluice::graph
