// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How many bytes units send each other for one token. Estimates: they weigh
// nodes against each other and are told by `sluice explain`.
#include "graph/place/place_problem.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

// Of messages, for one token, as they are on a wire: an id, or some letters,
// and a share of the frame around them.
constexpr double request_bytes = 8;
constexpr double prompt_bytes = 8;
constexpr double tokens_bytes = 48;
constexpr double text_bytes = 48;
constexpr double plan_bytes = 64;   // scheduler to each shard
constexpr double result_bytes = 16; // last stage to scheduler
constexpr double element_bytes = 4; // of a hidden state

double bytes_of(message_type type) {
  switch (type) {
  case message_type::request:
    return request_bytes;
  case message_type::prompt:
    return prompt_bytes;
  case message_type::tokens:
    return tokens_bytes;
  case message_type::text:
    break;
  }
  return text_bytes;
}

class traffic_writer {
public:
  explicit traffic_writer(place_problem& problem) : problem_(problem) {}

  void run() {
    for (const auto& edge : problem_.request->graph.edges())
      flow(edge);
    for (std::size_t i = 0; i < problem_.replicas.size(); ++i)
      replica(i);
    for (const auto& actor : problem_.request->graph.actors())
      hand_on(actor.name);
  }

private:
  void add(std::size_t a, std::size_t b, double bytes) {
    if (a != b && bytes > 0)
      problem_.edges.push_back({a, b, bytes});
  }

  /// The units that an actor's messages come to: its copies, or their
  /// schedulers.
  std::vector<std::size_t> doors(const std::string& actor) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      if (problem_.units[i].who.actor == actor
          && problem_.units[i].who.role != unit_role::shard)
        out.push_back(i);
    return out;
  }

  /// A token passes one of the copies on each side.
  void flow(const graph_edge& edge) {
    const auto& actors = problem_.request->graph.actors();
    const auto from = doors(actors[edge.from].name);
    const auto to = doors(actors[edge.to].name);
    for (auto a : from)
      for (auto b : to)
        add(a, b,
            bytes_of(edge.type) / static_cast<double>(from.size() * to.size()));
  }

  double share_of(const problem_replica& one) const {
    return 1.0 / std::max(1u, one.degrees.replicas);
  }

  void replica(std::size_t index) {
    const auto& one = problem_.replicas[index];
    const auto share = share_of(one);
    const auto hidden = one.shape->width * element_bytes;
    const auto shards = one.shards();
    const auto first = one.units.front();
    // The scheduler stands before its shards.
    const auto scheduler = first - 1;
    for (auto shard : one.units)
      add(scheduler, shard, share * plan_bytes);
    add(scheduler, one.units[one.units.size() - shards], share * result_bytes);
    for (std::size_t i = 0; i + shards < one.units.size(); ++i)
      add(one.units[i], one.units[i + shards], share * hidden);
    for (std::uint32_t stage = 0; stage < one.degrees.pipeline; ++stage)
      within_stage(one, stage, share * hidden);
  }

  /// Two sums over all ranks for each layer, by recursive doubling; and with
  /// experts, hidden states to the groups and back.
  void within_stage(const problem_replica& one, std::uint32_t stage,
                    double hidden) {
    const auto layers =
        static_cast<double>(one.shape->layers.size()) / one.degrees.pipeline;
    const auto experts = one.degrees.expert;
    auto at = [&](std::uint32_t rank, std::uint32_t expert) {
      return one
          .units[(std::size_t{stage} * one.degrees.tensor + rank) * experts
                 + expert];
    };
    for (std::uint32_t expert = 0; expert < experts; ++expert)
      for (std::uint32_t rank = 0; rank < one.degrees.tensor; ++rank)
        for (std::uint32_t bit = 1; bit < one.degrees.tensor; bit *= 2)
          if ((rank & bit) == 0)
            add(at(rank, expert), at(rank | bit, expert), layers * 4 * hidden);
    for (std::uint32_t rank = 0; rank < one.degrees.tensor; ++rank)
      for (std::uint32_t expert = 1; expert < experts; ++expert)
        add(at(rank, 0), at(rank, expert), layers * 2 * hidden);
  }

  /// Keys and values go from the replicas that read prompts to those that
  /// generate, stage by stage.
  void hand_on(const std::string& actor) {
    std::vector<const problem_replica*> from, to;
    for (const auto& one : problem_.replicas) {
      const auto& unit = problem_.units[one.units.front()];
      if (unit.who.actor == actor && unit.phase == work_phase::prefill)
        from.push_back(&one);
      else if (unit.who.actor == actor && unit.phase == work_phase::decode)
        to.push_back(&one);
    }
    for (const auto* a : from)
      for (const auto* b : to) {
        const auto layers = static_cast<std::uint32_t>(a->shape->layers.size());
        const auto bytes =
            a->shape->kv_per_token({0, layers})
            / static_cast<double>(a->units.size() * from.size() * to.size());
        for (std::size_t i = 0; i < a->units.size(); ++i)
          add(a->units[i], b->units[i], bytes);
      }
  }

  place_problem& problem_;
};

} // namespace

void add_traffic(place_problem& problem) {
  traffic_writer(problem).run();
}

} // namespace sluice::graph
