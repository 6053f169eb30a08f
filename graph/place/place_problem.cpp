// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/place_problem.hpp"

#include "graph/place/rule_texts.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::graph {

namespace {

// What an actor that runs no model counts for, bytes read for one token: less
// than any hop to another node, so that such actors stay together.
constexpr double light_work = 1024;

constexpr std::size_t class_rules = static_cast<std::size_t>(rule_kind::spread);

class problem_maker {
public:
  explicit problem_maker(const place_request& request) {
    out_.request = &request;
  }

  place_problem run() {
    nodes();
    for (const auto& actor : request().placement.actors())
      add(actor);
    spreads();
    for (const auto& actor : request().placement.actors())
      colocate(actor);
    before();
    add_traffic(out_);
    return std::move(out_);
  }

private:
  const place_request& request() const { return *out_.request; }

  rule_index rule(rule_kind kind, const std::string& actor, location where,
                  std::string text) {
    out_.rules.push_back({kind, actor, std::move(where), std::move(text)});
    return out_.rules.size() - 1;
  }

  // -- nodes --------------------------------------------------------------

  void nodes() {
    const auto& nodes = out_.nodes();
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      out_.slots_of.push_back({out_.slots.size()});
      out_.slots.push_back(
          {i, std::nullopt, nodes[i].free_memory().value_or(unlimited)});
      std::uint32_t gpu = 0;
      for (auto bytes : nodes[i].gpus()) {
        out_.slots_of[i].push_back(out_.slots.size());
        out_.slots.push_back({i, gpu++, bytes == 0 ? unlimited : bytes});
      }
      out_.price.push_back(price_of(nodes[i].has.zone));
      out_.alike.push_back(seen.emplace(signature(nodes[i]), i).first->second);
    }
    for (auto phase :
         {work_phase::both, work_phase::prefill, work_phase::decode})
      out_.speed[static_cast<std::size_t>(phase)] =
          speeds(request().nodes, phase);
  }

  double price_of(const std::string& zone) const {
    for (const auto& one : request().placement.zones())
      if (one.name == zone)
        return one.price;
    return 0;
  }

  /// Equal for nodes that no rule and no unit can tell apart.
  std::string signature(const inventory_node& node) const {
    const auto& has = node.has;
    auto out = has.zone + "|" + std::to_string(has.cores) + "|"
               + std::to_string(node.free_memory().value_or(unlimited)) + "|"
               + std::to_string(has.speed.ops) + "|"
               + std::to_string(has.speed.read) + "|";
    for (const auto& label : has.labels)
      out += label + ",";
    for (auto bytes : node.gpus())
      out += "|" + std::to_string(bytes);
    return named(has.name) ? out + "|" + has.name : out;
  }

  bool named(const std::string& node) const {
    auto in = [&](const place_limits& limits) {
      return lists(limits.nodes, node) || lists(limits.prefer.nodes, node)
             || lists(limits.never.nodes, node);
    };
    for (const auto& actor : request().placement.actors())
      if (in(actor.limits)
          || std::ranges::any_of(
              actor.parts, [&](const auto& part) { return in(part.limits); }))
        return true;
    return request().previous
           && std::ranges::any_of(
               request().previous->units,
               [&](const auto& one) { return one.node == node; });
  }

  // -- units --------------------------------------------------------------

  void add(const placed_actor& actor) {
    const auto shape = request().shapes.find(actor.name);
    const bool model = shape != request().shapes.end();
    unit_degrees degrees;
    degrees.replicas = actor.replicas.min;
    if (const auto wanted = request().replicas.find(actor.name);
        wanted != request().replicas.end())
      degrees.replicas = wanted->second;
    degrees.numbered = std::max(actor.replicas.max, degrees.replicas) > 1;
    if (model) {
      degrees.pipeline = actor.pipeline;
      degrees.tensor = actor.tensor;
      degrees.expert = actor.expert;
      degrees.prefill = actor.prefill;
      out_.tables.push_back(std::make_unique<range_table>(
          shape->second, actor.tensor, actor.expert));
    }
    out_.degrees.emplace(actor.name, degrees);
    weights_.reset();
    classes_.clear();
    for (std::uint32_t i = 0; i < degrees.replicas; ++i)
      if (model)
        add_replica(actor, shape->second, degrees, i);
      else
        add_unit(actor, {actor.name, i}, degrees);
  }

  std::size_t add_unit(const placed_actor& actor, unit who,
                       const unit_degrees& degrees) {
    problem_unit made;
    made.name = name_of(who, degrees);
    made.phase = degrees.phase(who.replica);
    made.work = light_work;
    made.limits = class_of(actor, who, made.phase);
    made.who = std::move(who);
    out_.units.push_back(std::move(made));
    return out_.units.size() - 1;
  }

  void add_replica(const placed_actor& actor, const model_shape& shape,
                   const unit_degrees& degrees, std::uint32_t index) {
    const auto& ranges = *out_.tables.back();
    const auto first =
        add_unit(actor, {actor.name, index, unit_role::scheduler}, degrees);
    out_.units[first].least = shape.draft;
    problem_replica replica{&shape, &ranges, degrees, {}, {}};
    const auto work = ranges.work(0, ranges.layers()) / degrees.pipeline;
    for (std::uint32_t stage = 0; stage < degrees.pipeline; ++stage)
      for (std::uint32_t rank = 0; rank < degrees.tensor; ++rank)
        for (std::uint32_t expert = 0; expert < degrees.expert; ++expert) {
          const auto made = add_unit(
              actor, {actor.name, index, unit_role::shard, stage, rank, expert},
              degrees);
          auto& one = out_.units[made];
          one.replica = out_.replicas.size();
          one.work = work;
          one.split = true;
          one.least = ranges.least(stage, degrees.pipeline);
          replica.units.push_back(made);
        }
    out_.replicas.push_back(std::move(replica));
  }

  // -- rules of one unit --------------------------------------------------

  /// Schedulers have the actor's limits but no needs: shards compute.
  std::size_t class_of(const placed_actor& actor, const unit& who,
                       work_phase phase) {
    const bool shard = who.role == unit_role::shard;
    const auto key = std::tuple(who.role, shard ? who.stage : 0,
                                shard ? who.rank : 0, phase);
    if (const auto known = classes_.find(key); known != classes_.end())
      return known->second;
    auto limits =
        shard ? actor.limits_of(who.stage, who.rank, phase) : actor.limits;
    if (who.role == unit_role::scheduler) {
      limits.memory = 0;
      limits.cores = 0;
      limits.device = schema::DeviceKind::ANY;
    }
    out_.classes.push_back(make_class(actor, std::move(limits), shard));
    classes_[key] = out_.classes.size() - 1;
    return out_.classes.size() - 1;
  }

  limit_class make_class(const placed_actor& actor, place_limits limits,
                         bool shard) {
    limit_class out{std::move(limits), {}, {}};
    out.rules.resize(class_rules);
    auto put = [&](rule_kind kind, const char* field, std::string text) {
      out.rules[static_cast<std::size_t>(kind)] =
          shared_rule(kind, actor, out.limits, field, std::move(text));
    };
    for (const auto& [kind, field, text] : rule_texts(actor.name, out.limits))
      put(kind, field, text);
    for (const auto& keep : request().placement.keep())
      if (lists(keep.reaches, actor.name))
        out.keep.emplace_back(keep_rule(keep, actor.name), keep.inside);
    const bool model = request().shapes.contains(actor.name);
    if (model && (shard || request().shapes.find(actor.name)->second.draft)) {
      if (!weights_)
        weights_ = rule(rule_kind::weights, actor.name,
                        request().graph.find(actor.name)->where,
                        weights_text(actor.name));
      out.rules[static_cast<std::size_t>(rule_kind::weights)] = weights_;
    }
    return out;
  }

  std::string weights_text(const std::string& actor) const {
    const auto& ranges = *out_.tables.back();
    const auto bytes = ranges.memory(0, ranges.layers());
    return in_quotes(actor) + " needs memory for its weights, keys and values"
           + " (" + written_bytes(bytes) + " for all layers)";
  }

  /// A field of a file is one rule, however many classes it holds for.
  rule_index shared_rule(rule_kind kind, const placed_actor& actor,
                         const place_limits& limits, const char* field,
                         std::string text) {
    const auto at = limits.written.find(field);
    const auto where = at != limits.written.end() ? at->second : actor.where;
    for (std::size_t i = 0; i < out_.rules.size(); ++i)
      if (out_.rules[i].kind == kind && out_.rules[i].actor == actor.name
          && out_.rules[i].where.line == where.line
          && out_.rules[i].where.column == where.column)
        return i;
    return rule(kind, actor.name, where, std::move(text));
  }

  rule_index keep_rule(const keep_limits& keep, const std::string& actor) {
    for (std::size_t i = 0; i < out_.rules.size(); ++i)
      if (out_.rules[i].kind == rule_kind::keep && out_.rules[i].actor == actor
          && out_.rules[i].where.line == keep.where.line)
        return i;
    return rule(rule_kind::keep, actor, keep.where,
                "data with label " + in_quotes(keep.label) + ", which reaches "
                    + in_quotes(actor) + ", stays in " + listed(keep.inside));
  }

  // -- rules between units ------------------------------------------------

  /// Units of one actor whose 'spread' is the same rule.
  void spreads() {
    std::map<std::tuple<std::string, std::uint32_t, std::uint32_t>, std::size_t>
        known;
    for (std::size_t i = 0; i < out_.units.size(); ++i) {
      const auto& unit = out_.units[i];
      const auto& limits = out_.classes[unit.limits].limits;
      if (limits.spread == schema::Spread::NONE
          || unit.who.role == unit_role::scheduler)
        continue;
      const auto at = limits.written.at("spread");
      const auto key = std::tuple(unit.who.actor, at.line, at.column);
      const bool zones = limits.spread == schema::Spread::ZONE;
      if (!known.contains(key)) {
        known[key] = out_.spreads.size();
        const auto index =
            rule(rule_kind::spread, unit.who.actor, at,
                 "parts and replicas of " + in_quotes(unit.who.actor)
                     + " share no " + (zones ? "zone" : "node"));
        out_.spreads.push_back({index, zones, {}});
      }
      out_.spreads[known[key]].units.push_back(i);
    }
  }

  /// A replica runs where the other actor's replica of that number does; one
  /// that has fewer is met again from its first on.
  void colocate(const placed_actor& actor) {
    std::map<std::string, rule_index> known;
    for (std::size_t i = 0; i < out_.units.size(); ++i) {
      const auto& one = out_.units[i];
      if (one.who.actor != actor.name)
        continue;
      const auto& limits = out_.classes[one.limits].limits;
      for (const auto& other : limits.colocate) {
        const auto copies = out_.degrees.at(other).replicas;
        if (other == actor.name || copies == 0)
          continue;
        const auto at = limits.written.at("colocate");
        const auto key = other + ":" + std::to_string(at.line) + ":"
                         + std::to_string(at.column);
        if (!known.contains(key))
          known[key] = rule(rule_kind::colocate, actor.name, at,
                            in_quotes(actor.name) + " runs on the node of "
                                + in_quotes(other));
        for (std::size_t j = 0; j < out_.units.size(); ++j)
          if (out_.units[j].who.actor == other
              && out_.units[j].who.replica == one.who.replica % copies)
            out_.pairs.push_back({known[key], i, j});
      }
    }
  }

  // -- the previous assignment --------------------------------------------

  void before() {
    if (!request().previous)
      return;
    for (auto& one : out_.units)
      if (const auto* was = request().previous->find(one.who))
        one.before = request().nodes.index(was->node);
    for (auto& replica : out_.replicas) {
      layer_ranges ranges;
      for (std::size_t i = 0; i < replica.units.size(); i += replica.shards())
        if (const auto* was =
                request().previous->find(out_.units[replica.units[i]].who))
          ranges.push_back(was->layers);
      if (ranges.size() == replica.degrees.pipeline && ranges.front().first == 0
          && ranges.back().last == replica.ranges->layers())
        replica.before = std::move(ranges);
    }
  }

  place_problem out_;
  std::optional<rule_index> weights_;
  std::map<std::tuple<unit_role, std::uint32_t, std::uint32_t, work_phase>,
           std::size_t>
      classes_; // of the actor at hand
};

} // namespace

place_problem make_problem(const place_request& request) {
  return problem_maker(request).run();
}

} // namespace sluice::graph
