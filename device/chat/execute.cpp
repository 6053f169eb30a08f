// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Statements.

#include "device/chat/callables.hpp"
#include "device/chat/deeper.hpp"
#include "device/chat/renderer.hpp"

#include <algorithm>

namespace sluice::device::jinja {

const value* scope::find(symbol id) const {
  for (const auto& [name, item] : names)
    if (name == id)
      return &item;
  return nullptr;
}

void scope::set(symbol id, const value& item) {
  for (auto& [name, old] : names)
    if (name == id) {
      old = item;
      return;
    }
  names.emplace_back(id, item);
}

renderer::renderer(const program& source, heap& memory, clock::time_point now)
    : program_(source), memory_(memory), now_(now),
      root_(memory.make<scope>(nullptr, memory.memory())) {
  const auto& names = source.symbols;
  const auto at = std::find(names.begin(), names.end(), "loop");
  loop_symbol_ =
      at == names.end() ? no_symbol : static_cast<symbol>(at - names.begin());
}

std::string renderer::run() {
  execute(program_.body, *root_);
  return std::move(out_);
}

scope* renderer::make_scope(scope& outer) {
  return memory_.make<scope>(&outer, memory_.memory());
}

void renderer::write(std::string_view text) {
  if (text.size() > max_output - std::min(max_output, out_.size()))
    throw fault("the output exceeds " + std::to_string(max_output >> 20)
                + " MiB");
  out_ += text;
}

renderer::flow renderer::execute(const block& body, scope& here) {
  deeper guard(*this);
  for (const statement& s : body) {
    memory_.charge(16);
    line_ = s.line;
    const flow f = std::visit(
        [&](const auto& node) { return run_node(node, here); }, s.node);
    if (f != flow::next)
      return f;
  }
  return flow::next;
}

renderer::flow renderer::run_node(const text_output& s, scope&) {
  write(s.text);
  return flow::next;
}

renderer::flow renderer::run_node(const value_output& s, scope& here) {
  const value v = evaluate(s.what, here);
  if (v.is(kind::text))
    write(v.text());
  else
    write(to_string(memory_, v));
  return flow::next;
}

renderer::flow renderer::run_node(const if_statement& s, scope& here) {
  for (const auto& branch : s.branches)
    if (!branch.test || truthy(evaluate(branch.test, here)))
      return execute(branch.body, here);
  return flow::next;
}

renderer::flow renderer::run_node(const for_statement& s, scope& here) {
  const value items = evaluate(s.items, here);
  return run_loop(s, here, items, 0);
}

/// The items that the loop's own `if` lets through.
sequence* renderer::filtered(const for_statement& s, scope& here,
                             sequence* items) {
  sequence* kept = make_sequence(memory_);
  for (std::size_t i = 0; i < items->items.size(); ++i) {
    scope* inner = make_scope(here);
    const value item = items->items[i];
    assign(s.target, item, *inner);
    if (truthy(evaluate(s.filter, *inner)))
      append(memory_, *kept, item);
  }
  return kept;
}

renderer::flow renderer::run_loop(const for_statement& s, scope& here,
                                  const value& items, unsigned depth0) {
  // A copy: the body may change the list it walks over.
  sequence* list = make_sequence(memory_);
  for (const auto& item : iterate(items)->items)
    append(memory_, *list, item);
  if (s.filter)
    list = filtered(s, here, list);
  loop_object* loop = memory_.make<loop_object>(s, here, *list, depth0);
  for (; loop->index0 < list->items.size(); ++loop->index0) {
    if (++iterations_ > max_iterations)
      throw fault("more than " + std::to_string(max_iterations)
                  + " loop iterations");
    scope* inner = make_scope(here);
    if (loop_symbol_ != no_symbol)
      inner->set(loop_symbol_, value::of(loop));
    assign(s.target, list->items[loop->index0], *inner);
    if (execute(s.body, *inner) == flow::leave_loop)
      break;
  }
  if (list->items.empty() && !s.otherwise.empty())
    return execute(s.otherwise, *make_scope(here));
  return flow::next;
}

std::string renderer::loop_again(const for_statement& loop, scope& outer,
                                 const value& items, unsigned depth0) {
  if (calls_ >= max_calls)
    throw fault("a recursive loop is deeper than " + std::to_string(max_calls)
                + " levels");
  std::string kept = std::exchange(out_, {});
  ++calls_;
  run_loop(loop, outer, items, depth0);
  --calls_;
  return std::exchange(out_, std::move(kept));
}

void renderer::assign(const assign_target& target, const value& item,
                      scope& here) {
  if (!target.parts.empty()) {
    const auto& items = iterate(item)->items;
    if (items.size() != target.parts.size())
      throw fault(items.size() > target.parts.size()
                      ? "too many values to unpack (expected "
                            + std::to_string(target.parts.size()) + ")"
                      : "not enough values to unpack (expected "
                            + std::to_string(target.parts.size()) + ", got "
                            + std::to_string(items.size()) + ")");
    for (std::size_t i = 0; i < items.size(); ++i)
      assign(target.parts[i], items[i], here);
    return;
  }
  if (target.attribute.empty()) {
    memory_.charge(64);
    here.set(target.id, item);
    return;
  }
  const value owner = lookup(target.id, here);
  if (!owner.is(kind::object)
      || !owner.thing->set_attribute(*this, target.attribute, item))
    throw fault("cannot assign attribute on non-namespace object");
}

renderer::flow renderer::run_node(const set_statement& s, scope& here) {
  assign(s.target, evaluate(s.what, here), here);
  return flow::next;
}

std::string renderer::capture(const block& body, scope& here) {
  std::string kept = std::exchange(out_, {});
  execute(body, here);
  return std::exchange(out_, std::move(kept));
}

value renderer::capture_filtered(expression_ref filter, const block& body,
                                 scope& here) {
  const value made = text(capture(body, *make_scope(here)));
  if (!filter)
    return made;
  const value outer = std::exchange(piped_, made);
  const value out = evaluate(filter, here);
  piped_ = outer;
  return out;
}

renderer::flow renderer::run_node(const set_block& s, scope& here) {
  assign(s.target, capture_filtered(s.filter, s.body, here), here);
  return flow::next;
}

renderer::flow renderer::run_node(const filter_block& s, scope& here) {
  write(to_string(memory_, capture_filtered(s.filter, s.body, here)));
  return flow::next;
}

renderer::flow renderer::run_node(const macro_statement& s, scope& here) {
  here.set(s.macro->id, value::of(memory_.make<macro_object>(*s.macro, here)));
  return flow::next;
}

renderer::flow renderer::run_node(const call_block& s, scope& here) {
  const auto& target = std::get<jinja::call>(s.target->node);
  const value callee = evaluate(target.callee, here);
  arguments args;
  collect(target.args, args, here);
  args.named.emplace_back(
      "caller", value::of(memory_.make<macro_object>(*s.caller, here)));
  write(to_string(memory_, call(callee, args)));
  return flow::next;
}

renderer::flow renderer::run_node(const scoped_block& s, scope& here) {
  scope* inner = make_scope(here);
  for (const auto& [target, what] : s.assignments)
    assign(target, evaluate(what, here), *inner);
  return execute(s.body, *inner);
}

renderer::flow renderer::run_node(const break_statement&, scope&) {
  return flow::leave_loop;
}

renderer::flow renderer::run_node(const continue_statement&, scope&) {
  return flow::next_iteration;
}

} // namespace sluice::device::jinja
