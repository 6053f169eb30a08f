// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Random placements over random nodes. A checker that shares no code with the
// solver looks at every assignment, and for small problems at every one there
// could be.
#include "tests/graph/place_world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

using namespace sluice::graph;

namespace {

using names = std::vector<std::string>;

/// What a rule of the file says; empty fields are not written.
struct rule_spec {
  std::string actor;
  names zone, node, label, never_zone, never_node;
  std::string colocate, spread;
  std::uint64_t memory = 0;
  std::uint32_t cores = 0;
  bool cuda = false;
  std::uint32_t pipeline = 0, tensor = 0, replicas = 0;
};

struct node_spec {
  std::string name, zone;
  names labels;
  std::uint64_t memory = 0;
  std::uint32_t cores = 0;
  std::vector<std::uint64_t> gpus;
};

struct scenario {
  bool router = false;
  bool keep = false; ///< label sensitive inside z0 and z1
  std::vector<node_spec> nodes;
  std::vector<rule_spec> rules; ///< '*', home, prep, home.stage[0]
  std::uint32_t layers = 3;
};

std::string list(const names& items) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : ", ") + item;
  return "[" + out + "]";
}

std::string text_of(const rule_spec& rule) {
  auto out = "  - {actor: '" + rule.actor + "'";
  auto add = [&](const char* field, const names& items) {
    if (!items.empty())
      out += ", " + std::string(field) + ": " + list(items);
  };
  add("zone", rule.zone);
  add("node", rule.node);
  add("label", rule.label);
  if (!rule.never_zone.empty() || !rule.never_node.empty())
    out += ", never: {zone: " + list(rule.never_zone)
           + ", node: " + list(rule.never_node) + "}";
  if (!rule.colocate.empty())
    out += ", colocate: " + rule.colocate;
  if (!rule.spread.empty())
    out += ", spread: " + rule.spread;
  if (rule.memory + rule.cores != 0 || rule.cuda)
    out += ", needs: {" + ("memory: " + std::to_string(rule.memory))
           + (rule.cores ? ", cores: " + std::to_string(rule.cores) : "")
           + (rule.cuda ? ", device: cuda" : "") + "}";
  for (auto [field, value] :
       {std::pair("pipeline", rule.pipeline), std::pair("tensor", rule.tensor),
        std::pair("replicas", rule.replicas)})
    if (value != 0)
      out += ", " + std::string(field) + ": " + std::to_string(value);
  return out + "}\n";
}

std::string text_of(const scenario& s) {
  std::string out = "placement: p\nzones: {z0: {}, z1: {}, z2: {price: 2/h}}\n"
                    "nodes:\n";
  for (const auto& node : s.nodes) {
    out += "  " + node.name + ": {zone: " + node.zone;
    if (!node.labels.empty())
      out += ", labels: " + list(node.labels);
    if (node.memory != 0)
      out += ", memory: " + std::to_string(node.memory);
    if (node.cores != 0)
      out += ", cores: " + std::to_string(node.cores);
    std::string gpus;
    for (auto bytes : node.gpus)
      gpus += (gpus.empty() ? "" : ", ")
              + ("{kind: cuda, memory: " + std::to_string(bytes) + "}");
    out += (gpus.empty() ? "" : ", devices: [" + gpus + "]") + "}\n";
  }
  out += "place:\n";
  for (const auto& rule : s.rules)
    out += text_of(rule);
  if (s.keep)
    out += "keep:\n  - {label: sensitive, inside: [z0, z1]}\n";
  return out;
}

class dice {
public:
  explicit dice(std::uint32_t seed) : random_(seed) {}
  std::uint32_t below(std::uint32_t n) { return random_() % n; }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  names some(const names& from) {
    names out;
    for (const auto& one : from)
      if (one_in(2))
        out.push_back(one);
    return out;
  }

private:
  std::mt19937 random_;
};

rule_spec random_rule(dice& d, const std::string& actor, const scenario& s) {
  rule_spec out;
  out.actor = actor;
  const names zones{"z0", "z1", "z2"};
  names nodes;
  for (const auto& node : s.nodes)
    nodes.push_back(node.name);
  if (s.keep)
    out.zone = {"z0", "z1"};
  else if (d.one_in(4))
    out.zone = d.some(zones);
  if (d.one_in(6))
    out.node = d.some(nodes);
  if (d.one_in(6))
    out.label = {"fast"};
  if (d.one_in(6))
    out.never_node = d.some(nodes);
  if (!s.keep && d.one_in(8))
    out.never_zone = d.some(zones);
  if (d.one_in(5))
    out.memory = 50 + d.below(150);
  if (d.one_in(6))
    out.cores = 1 + d.below(2);
  return out;
}

scenario random_scenario(dice& d) {
  scenario out;
  out.router = d.one_in(4);
  out.keep = out.router && d.one_in(2);
  const auto count = out.router ? 1 + d.below(2) : 1 + d.below(3);
  for (std::uint32_t i = 0; i < count; ++i) {
    node_spec node;
    node.name = "n" + std::to_string(i);
    node.zone = "z" + std::to_string(d.below(3));
    if (d.one_in(2))
      node.labels = {"fast"};
    if (!d.one_in(3))
      node.memory = 100 + d.below(500);
    if (d.one_in(2))
      node.cores = 1 + d.below(6);
    for (auto gpus = d.below(3); gpus > 0; --gpus)
      node.gpus.push_back(100 + d.below(400));
    out.nodes.push_back(std::move(node));
  }
  out.rules.push_back(random_rule(d, "*", out));
  // On everybody, these two leave nearly nothing to place.
  out.rules[0].memory = 0;
  auto home = random_rule(d, "home", out);
  home.pipeline = 1 + d.below(out.router ? 1 : 2);
  home.tensor = d.one_in(3) ? 2 : 1;
  home.replicas = home.pipeline * home.tensor == 1 ? 1 + d.below(2) : 1;
  home.cuda = d.one_in(3);
  if (d.one_in(2))
    home.spread = d.one_in(3) ? "zone" : "node";
  out.rules.push_back(home);
  if (d.one_in(2)) {
    auto prep = random_rule(d, "prep", out);
    if (d.one_in(2))
      prep.colocate = d.one_in(2) ? "done" : "home";
    out.rules.push_back(prep);
  }
  if (d.one_in(3)) {
    auto part = random_rule(d, "home.stage[0]", out);
    if (part.zone.empty() && part.node.empty() && part.label.empty()
        && part.memory == 0)
      part.memory = 60;
    out.rules.push_back(part);
  }
  return out;
}

model_shape shape_for(const scenario& s) {
  auto out = toy_shape(s.layers);
  for (std::uint32_t i = 0; i < s.layers; ++i)
    out.layers[i].dense = 60 + 30 * i;
  return out;
}

/// A unit with a node, as the checker sees it.
struct standing {
  std::string actor;
  std::uint32_t replica = 0, stage = 0, rank = 0;
  bool shard = false, scheduler = false;
  std::size_t node = 0;
  std::optional<std::uint32_t> gpu;
  std::uint32_t first = 0, last = 0; ///< layers
};

class checker {
public:
  explicit checker(const scenario& s) : s_(s) {}

  const rule_spec* rule(const std::string& actor) const {
    for (const auto& one : s_.rules)
      if (one.actor == actor)
        return &one;
    return nullptr;
  }

  /// The closest rule that writes the field.
  template <class Written>
  const rule_spec* decide(const standing& unit, const Written& written) const {
    if (unit.shard && unit.stage == 0)
      if (const auto* part = rule("home.stage[0]");
          part && unit.actor == "home" && written(*part))
        return part;
    for (const auto& name : {unit.actor, std::string("*")})
      if (const auto* one = rule(name); one && written(*one))
        return one;
    return nullptr;
  }

  const rule_spec* needs(const standing& unit) const {
    if (unit.scheduler)
      return nullptr;
    return decide(unit,
                  [](auto& r) { return r.memory + r.cores != 0 || r.cuda; });
  }

  /// The first rule that the unit breaks by standing where it stands.
  std::string broken_alone(const standing& unit) const {
    const auto& node = s_.nodes[unit.node];
    auto has = [](const names& items, const std::string& item) {
      return std::ranges::find(items, item) != items.end();
    };
    if (auto* r = decide(unit, [](auto& x) { return !x.zone.empty(); });
        r && !has(r->zone, node.zone))
      return "zone";
    if (auto* r = decide(unit, [](auto& x) { return !x.node.empty(); });
        r && !has(r->node, node.name))
      return "node";
    if (auto* r = decide(unit, [](auto& x) { return !x.label.empty(); });
        r && !has(node.labels, "fast"))
      return "label";
    if (auto* r = decide(unit,
                         [](auto& x) {
                           return !x.never_zone.empty()
                                  || !x.never_node.empty();
                         });
        r && (has(r->never_zone, node.zone) || has(r->never_node, node.name)))
      return "never";
    // Of the graph with a router, all but 'away' may see what is sensitive.
    if (s_.keep && unit.actor != "away" && node.zone == "z2")
      return "keep";
    const auto* need = needs(unit);
    if ((need && need->cuda) != unit.gpu.has_value())
      return "device";
    if (unit.gpu && *unit.gpu >= node.gpus.size())
      return "no such device";
    return "";
  }

  std::uint64_t bytes(const standing& unit) const {
    const auto* need = needs(unit);
    std::uint64_t out = need ? need->memory : 0;
    if (!unit.shard)
      return out;
    const auto tensor = unit.actor == "home" ? rule("home")->tensor : 1;
    std::uint64_t weights = 0;
    for (auto layer = unit.first; layer < unit.last; ++layer)
      weights += 60 + 30 * layer;
    weights += unit.last == s_.layers ? 50 : 0;
    const auto kv = 10 * (unit.last - unit.first);
    return std::max<std::uint64_t>(out, (unit.first == 0 ? 50 : 0)
                                            + (weights + tensor - 1) / tensor
                                            + (kv + tensor - 1) / tensor);
  }

  std::string broken(const std::vector<standing>& all) const {
    for (const auto& unit : all)
      if (auto why = broken_alone(unit); !why.empty())
        return why;
    for (std::size_t node = 0; node < s_.nodes.size(); ++node)
      if (auto why = crowded(all, node); !why.empty())
        return why;
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t j = 0; j < all.size(); ++j)
        if (auto why = i == j ? "" : between(all, all[i], all[j]); !why.empty())
          return why;
    return "";
  }

private:
  std::string crowded(const std::vector<standing>& all,
                      std::size_t node) const {
    const auto& has = s_.nodes[node];
    std::uint64_t memory = 0, cores = 0;
    std::map<std::uint32_t, int> gpus;
    for (const auto& unit : all) {
      if (unit.node != node)
        continue;
      const auto* need = needs(unit);
      cores += need ? need->cores : 0;
      if (!unit.gpu)
        memory += bytes(unit);
      else if (++gpus[*unit.gpu] > 1 || bytes(unit) > has.gpus[*unit.gpu])
        return "device memory";
    }
    if (has.memory != 0 && memory > has.memory)
      return "memory";
    return has.cores != 0 && cores > has.cores ? "cores" : "";
  }

  std::string between(const std::vector<standing>& all, const standing& a,
                      const standing& b) const {
    const auto* spread = rule("home");
    if (a.actor == "home" && b.actor == "home" && a.shard && b.shard) {
      if (spread->spread == "node" && a.node == b.node)
        return "spread";
      if (spread->spread == "zone"
          && s_.nodes[a.node].zone == s_.nodes[b.node].zone)
        return "spread";
    }
    const auto* prep = rule("prep");
    if (!prep || a.actor != "prep" || b.actor != prep->colocate)
      return "";
    std::uint32_t copies = 0;
    for (const auto& one : all)
      if (one.actor == b.actor)
        copies = std::max(copies, one.replica + 1);
    return b.replica == a.replica % copies && a.node != b.node ? "colocate"
                                                               : "";
  }

  const scenario& s_;
};

std::vector<standing> standing_of(const assignment& made, const scenario& s) {
  std::vector<standing> out;
  for (const auto& one : made.units) {
    standing unit;
    unit.actor = one.who.actor;
    unit.replica = one.who.replica;
    unit.stage = one.who.stage;
    unit.rank = one.who.rank;
    unit.shard = one.who.role == unit_role::shard;
    unit.scheduler = one.who.role == unit_role::scheduler;
    unit.node = static_cast<std::size_t>(
        std::ranges::find(s.nodes, one.node, &node_spec::name)
        - s.nodes.begin());
    // The file lists GPUs in any order; units count the largest first.
    if (one.gpu) {
      std::vector<std::uint32_t> order(s.nodes[unit.node].gpus.size());
      for (std::uint32_t i = 0; i < order.size(); ++i)
        order[i] = i;
      std::ranges::stable_sort(order, std::greater{}, [&](std::uint32_t i) {
        return s.nodes[unit.node].gpus[i];
      });
      unit.gpu = order[*one.gpu];
    }
    unit.first = one.layers.first;
    unit.last = one.layers.last;
    out.push_back(unit);
  }
  return out;
}

/// Every way to place the units and to cut the layers.
class brute_force {
public:
  brute_force(const scenario& s, std::vector<standing> units)
      : s_(s), checker_(s), units_(std::move(units)) {}

  bool possible() { return cut(0); }

private:
  /// Layers first: units of one stage and replica have the same.
  bool cut(std::size_t at) {
    if (at == units_.size())
      return place(0);
    auto& unit = units_[at];
    if (!unit.shard)
      return cut(at + 1);
    const auto stages =
        unit.actor == "home" ? checker_.rule("home")->pipeline : 1;
    const auto* before = at > 0 && units_[at - 1].shard
                                 && units_[at - 1].actor == unit.actor
                                 && units_[at - 1].replica == unit.replica
                             ? &units_[at - 1]
                             : nullptr;
    if (before && before->stage == unit.stage) {
      unit.first = before->first;
      unit.last = before->last;
      return cut(at + 1);
    }
    unit.first = before ? before->last : 0;
    if (unit.stage + 1 == stages) {
      unit.last = s_.layers;
      return unit.first < unit.last && cut(at + 1);
    }
    for (unit.last = unit.first + 1; unit.last < s_.layers; ++unit.last)
      if (cut(at + 1))
        return true;
    return false;
  }

  bool place(std::size_t at) {
    if (at == units_.size())
      return checker_.broken(units_).empty();
    auto& unit = units_[at];
    for (unit.node = 0; unit.node < s_.nodes.size(); ++unit.node) {
      unit.gpu.reset();
      if (checker_.broken_alone(unit).empty() && place(at + 1))
        return true;
      for (std::uint32_t i = 0; i < s_.nodes[unit.node].gpus.size(); ++i) {
        unit.gpu = i;
        if (checker_.broken_alone(unit).empty() && place(at + 1))
          return true;
      }
    }
    return false;
  }

  const scenario& s_;
  checker checker_;
  std::vector<standing> units_;
};

/// The units that there must be, without nodes.
std::vector<standing> units_of(const scenario& s) {
  std::vector<standing> out;
  auto add_model = [&](const std::string& actor, const rule_spec* home) {
    const auto replicas = home && home->replicas ? home->replicas : 1;
    for (std::uint32_t r = 0; r < replicas; ++r) {
      standing one;
      one.actor = actor;
      one.replica = r;
      one.scheduler = true;
      out.push_back(one);
      one.scheduler = false;
      one.shard = true;
      for (one.stage = 0; one.stage < (home ? home->pipeline : 1); ++one.stage)
        for (one.rank = 0; one.rank < (home ? home->tensor : 1); ++one.rank)
          out.push_back(one);
    }
  };
  names light{"door", "prep", "done"};
  if (s.router)
    light.push_back("pick");
  for (const auto& actor : light) {
    standing one;
    one.actor = actor;
    out.push_back(one);
  }
  add_model("home", checker(s).rule("home"));
  if (s.router)
    add_model("away", nullptr);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(random_placements)

BOOST_AUTO_TEST_CASE(a_placement_is_found_if_and_only_if_there_is_one) {
  std::size_t found = 0, none = 0, invalid = 0;
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    dice d(seed);
    const auto s = random_scenario(d);
    const auto text = text_of(s);
    const auto& graph_text = s.router ? right_router : right_graph;
    auto graph = parse_graph(graph_text, "g.yaml", {.check_files = false});
    if (!parse_placement(text, "p.yaml", *graph.value)) {
      ++invalid;
      continue;
    }
    BOOST_TEST_CONTEXT("seed " << seed << "\n" << text) {
      const auto here = make_world(text, shape_for(s), graph_text);
      const auto made = here.solved();
      BOOST_TEST(!made.unproven);
      if (made.found) {
        const auto units = standing_of(*made.found, s);
        BOOST_TEST(units.size() == units_of(s).size());
        BOOST_TEST(checker(s).broken(units) == "");
        const auto again = here.solved();
        for (std::size_t i = 0; i < made.found->units.size(); ++i)
          BOOST_TEST(made.found->units[i].node == again.found->units[i].node);
        // What was placed stays when nothing changed.
        const auto next = here.solved(&*made.found);
        for (std::size_t i = 0; i < made.found->units.size(); ++i)
          BOOST_TEST(made.found->units[i].node == next.found->units[i].node);
      } else {
        BOOST_TEST(!brute_force(s, units_of(s)).possible());
        BOOST_TEST(!made.conflicts.empty());
      }
      ++(made.found ? found : none);
    }
  }
  BOOST_TEST_MESSAGE(found << " placed, " << none << " impossible, " << invalid
                           << " refused when read");
  BOOST_TEST(found > 150u);
  BOOST_TEST(none > 150u);
}

BOOST_AUTO_TEST_SUITE_END()
