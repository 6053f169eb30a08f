// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/nfa.hpp"
#include "device/grammar/syntax.hpp"
#include "device/grammar/syntax_survey.hpp"

#include <cassert>
#include <optional>
#include <unordered_map>

namespace sluice::device {

namespace {

constexpr std::uint64_t small_repeat = 400; // drawn as often as it repeats

class drawing {
public:
  drawing(const syntax& from, const syntax_survey& known, work_budget& budget,
          bool may_call)
      : from_{from}, known_{known}, budget_{budget}, may_call_{may_call} {}

  machine draw_one(expression body) {
    nfa sketch{budget_};
    sketch_ = &sketch;
    const auto start = sketch.add_state();
    const auto first = sketch.add_state();
    sketch.add_jump(start, first);
    const auto accept = draw(body, first);
    return sketch.determinize(start, accept);
  }

  std::vector<machine> draw_all(rule_id root) {
    std::vector<machine> out(from_.rules().size());
    bodies_.resize(out.size());
    wanted_.resize(out.size());
    want(root, from_.rules()[root].body);
    while (!open_.empty()) {
      const auto rule = open_.back();
      open_.pop_back();
      auto drawn = draw_one(bodies_[rule]);
      out.resize(bodies_.size());
      out[rule] = std::move(drawn);
    }
    out.resize(bodies_.size());
    return out;
  }

private:
  using state = nfa::state;

  void want(rule_id rule, expression body) {
    if (wanted_[rule])
      return;
    wanted_[rule] = true;
    bodies_[rule] = body;
    open_.push_back(rule);
  }

  state draw(expression at, state from) {
    const auto& node = from_.node(at);
    switch (node.kind) {
    case expression_kind::nothing:
      return sketch_->add_state();
    case expression_kind::text:
      return draw_text(node.text, from);
    case expression_kind::chars:
      return draw_chars(node.chars, from);
    case expression_kind::sequence:
      for (const auto part : node.parts)
        from = draw(part, from);
      return from;
    case expression_kind::choice:
      return draw_choice(node.parts, from);
    case expression_kind::repeat:
      return draw_repeat(node, from);
    case expression_kind::list:
      return draw_list(node, from);
    case expression_kind::call:
      return draw_call(node.rule, from);
    case expression_kind::embed:
      return draw_machine(*node.automaton, from);
    case expression_kind::begin:
    case expression_kind::end:
      return draw_anchor(node.kind, from);
    }
    return from;
  }

  state draw_text(const std::string& text, state from) {
    for (const char c : text) {
      const auto to = sketch_->add_state();
      const auto byte = static_cast<std::uint8_t>(c);
      sketch_->add_bytes(from, byte, byte, to);
      from = to;
    }
    return from;
  }

  state draw_chars(const char_set& chars, state from) {
    const auto to = sketch_->add_state();
    for (const auto& sequence : spell(chars)) {
      auto at = from;
      for (std::size_t i = 0; i < sequence.size; ++i) {
        const auto next = i + 1 == sequence.size ? to : sketch_->add_state();
        sketch_->add_bytes(at, sequence.low[i], sequence.high[i], next);
        at = next;
      }
    }
    return to;
  }

  state draw_choice(const std::vector<expression>& parts, state from) {
    const auto to = sketch_->add_state();
    for (const auto part : parts) {
      const auto first = sketch_->add_state(); // loops stay inside their part
      sketch_->add_jump(from, first);
      sketch_->add_jump(draw(part, first), to);
    }
    return to;
  }

  state draw_repeat(const expression_node& node, state from) {
    const auto part = node.parts.front();
    const auto times = node.max == no_limit ? node.min + 1ull : node.max;
    const auto weight = known_.weight(part);
    const bool outlined =
        may_call_ && weight > 1 && times > 4 && times * weight > small_repeat;
    const auto once = [&](state at) {
      return outlined ? draw_outlined(part, at) : draw(part, at);
    };
    for (std::uint32_t i = 0; i < node.min; ++i)
      from = once(from);
    if (node.max == no_limit) {
      const auto loop = sketch_->add_state();
      sketch_->add_jump(from, loop);
      sketch_->add_jump(once(loop), loop);
      return loop;
    }
    const auto to = sketch_->add_state();
    for (auto i = node.min; i < node.max; ++i) {
      sketch_->add_jump(from, to);
      from = once(from);
    }
    sketch_->add_jump(from, to);
    return to;
  }

  // A part that would be drawn too often becomes a rule of its own.
  state draw_outlined(expression part, state from) {
    const auto [at, fresh] =
        outlined_.try_emplace(part, static_cast<rule_id>(bodies_.size()));
    if (fresh) {
      bodies_.push_back(part);
      wanted_.push_back(false);
      want(at->second, part);
    }
    const auto to = sketch_->add_state();
    sketch_->add_call(from, at->second, to);
    if (known_.is_nullable_part(part))
      sketch_->add_jump(from, to);
    return to;
  }

  state draw_list(const expression_node& node, state from) {
    std::optional<state> none = from; // no part was there yet
    std::optional<state> some;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const auto before = sketch_->add_state();
      if (none)
        sketch_->add_jump(*none, before);
      if (some)
        sketch_->add_jump(draw(node.separator, *some), before);
      const auto after = draw(node.parts[i], before);
      if (node.required[i]) {
        none.reset();
        some = after;
        continue;
      }
      const auto either = sketch_->add_state();
      sketch_->add_jump(after, either);
      if (some)
        sketch_->add_jump(*some, either);
      some = either;
    }
    const auto to = sketch_->add_state();
    if (none)
      sketch_->add_jump(*none, to);
    if (some)
      sketch_->add_jump(*some, to);
    return to;
  }

  state draw_call(rule_id rule, state from) {
    const auto& called = from_.rules()[rule];
    if (!called.defined)
      throw model_error("rule '" + called.name + "' is not defined");
    if (!may_call_ || known_.is_small(rule))
      return draw(called.body, from);
    want(rule, called.body);
    const auto to = sketch_->add_state();
    sketch_->add_call(from, rule, to);
    if (known_.is_nullable(rule)) // a call takes at least one byte
      sketch_->add_jump(from, to);
    return to;
  }

  state draw_machine(const machine& from_machine, state from) {
    const auto to = sketch_->add_state();
    std::vector<state> copies;
    for (const auto& one : from_machine.states) {
      copies.push_back(sketch_->add_state());
      if (one.accepting)
        sketch_->add_jump(copies.back(), to);
    }
    for (std::size_t i = 0; i < copies.size(); ++i)
      for (const auto& edge : from_machine.states[i].bytes)
        sketch_->add_bytes(copies[i], edge.low, edge.high, copies[edge.target]);
    if (!copies.empty())
      sketch_->add_jump(from, copies.front());
    return to;
  }

  state draw_anchor(expression_kind kind, state from) {
    const auto to = sketch_->add_state();
    if (kind == expression_kind::begin)
      sketch_->add_begin(from, to);
    else
      sketch_->add_end(from, to);
    return to;
  }

  const syntax& from_;
  const syntax_survey& known_;
  work_budget& budget_;
  bool may_call_;
  nfa* sketch_ = nullptr;
  std::vector<expression> bodies_; // by rule; outlined ones come last
  std::vector<bool> wanted_;
  std::vector<rule_id> open_;
  std::unordered_map<expression, rule_id> outlined_;
};

} // namespace

machine draw_machine(const syntax& from, expression what, work_budget& budget) {
  const syntax_survey known{from, budget};
  return trim(drawing{from, known, budget, false}.draw_one(what), {});
}

std::vector<machine> draw_rules(const syntax& from, rule_id root,
                                work_budget& budget) {
  const syntax_survey known{from, budget};
  return drawing{from, known, budget, true}.draw_all(root);
}

} // namespace sluice::device
