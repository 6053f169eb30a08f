// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Expressions.

#include "device/chat/deeper.hpp"
#include "device/chat/functions.hpp"
#include "device/chat/methods.hpp"
#include "device/chat/operators.hpp"
#include "device/chat/python_text.hpp"
#include "device/chat/renderer.hpp"

namespace sluice::device::jinja {

value renderer::evaluate(expression_ref e, scope& here) {
  deeper guard(*this);
  memory_.charge(16);
  line_ = e->line;
  return std::visit([&](const auto& node) { return eval(node, here); },
                    e->node);
}

value renderer::eval(const literal& e, scope&) {
  return e.constant;
}

value renderer::eval(const name_reference& e, scope& here) {
  return lookup(e.id, here);
}

value renderer::lookup(symbol id, scope& here) {
  for (const scope* s = &here; s; s = s->parent)
    if (const value* found = s->find(id))
      return *found;
  const std::string_view name = program_.symbols[id];
  if (object* function = find_function(*this, name))
    return value::of(function);
  return value::missing(name);
}

value renderer::eval(const sequence_literal& e, scope& here) {
  sequence* list =
      make_sequence(memory_, e.tuple ? flavor::tuple : flavor::list);
  list->items.reserve(e.items.size());
  for (expression_ref item : e.items)
    append(memory_, *list, evaluate(item, here));
  return value::of(list);
}

value renderer::eval(const mapping_literal& e, scope& here) {
  mapping* dict = make_mapping(memory_);
  for (const auto& [key, item] : e.entries) {
    const value k = evaluate(key, here);
    dict->set(memory_, k, evaluate(item, here));
  }
  return value::of(dict);
}

value renderer::eval(const unary& e, scope& here) {
  const value v = evaluate(e.operand, here);
  if (e.op == unary_operator::logical_not)
    return value::of_bool(!truthy(v));
  const value negative = negate(v);
  return e.op == unary_operator::negate ? negative : negate(negative);
}

value renderer::eval(const binary_chain& e, scope& here) {
  value left = evaluate(e.first, here);
  for (const auto& [op, operand] : e.rest) {
    const value right = evaluate(operand, here);
    line_ = operand->line;
    left = apply(*this, op, left, right);
  }
  return left;
}

value renderer::eval(const comparison_chain& e, scope& here) {
  value left = evaluate(e.first, here);
  for (const auto& [op, operand] : e.rest) {
    const value right = evaluate(operand, here);
    line_ = operand->line;
    bool holds = false;
    switch (op) {
    case comparison_operator::equal:
      holds = equal(memory_, left, right);
      break;
    case comparison_operator::unequal:
      holds = !equal(memory_, left, right);
      break;
    case comparison_operator::less:
      holds = compare(memory_, left, right, "<") < 0;
      break;
    case comparison_operator::less_equal:
      holds = compare(memory_, left, right, "<=") <= 0;
      break;
    case comparison_operator::greater:
      holds = compare(memory_, left, right, ">") > 0;
      break;
    case comparison_operator::greater_equal:
      holds = compare(memory_, left, right, ">=") >= 0;
      break;
    case comparison_operator::in:
      holds = contains(*this, right, left);
      break;
    case comparison_operator::not_in:
      holds = !contains(*this, right, left);
      break;
    }
    if (!holds)
      return value::of_bool(false);
    left = right;
  }
  return value::of_bool(true);
}

value renderer::eval(const logic_chain& e, scope& here) {
  value last;
  for (expression_ref operand : e.operands) {
    last = evaluate(operand, here);
    if (truthy(last) != e.all)
      return last;
  }
  return last;
}

value renderer::eval(const conditional& e, scope& here) {
  if (truthy(evaluate(e.test, here)))
    return evaluate(e.then, here);
  if (e.otherwise)
    return evaluate(e.otherwise, here);
  return value::missing("the inline if-expression without else");
}

value renderer::eval(const attribute_access& e, scope& here) {
  const value owner = evaluate(e.object, here);
  return attribute(owner, e.name);
}

value renderer::eval(const subscript& e, scope& here) {
  const value owner = evaluate(e.object, here);
  const value index = evaluate(e.index, here);
  return item(owner, index);
}

value renderer::eval(const slice& e, scope& here) {
  const value owner = evaluate(e.object, here);
  value bounds[3];
  const expression_ref given[3] = {e.start, e.stop, e.step};
  for (int i = 0; i < 3; ++i)
    if (given[i])
      bounds[i] = evaluate(given[i], here);
  return slice_of(*this, owner, e.start ? &bounds[0] : nullptr,
                  e.stop ? &bounds[1] : nullptr, e.step ? &bounds[2] : nullptr);
}

void renderer::collect(const call_arguments& from, arguments& to, scope& here) {
  to.positional.reserve(from.positional.size());
  for (expression_ref e : from.positional)
    to.positional.push_back(evaluate(e, here));
  for (const auto& [name, e] : from.named)
    to.named.emplace_back(name, evaluate(e, here));
  if (from.more_positional)
    for (const auto& v : iterate(evaluate(from.more_positional, here))->items)
      to.positional.push_back(v);
  if (from.more_named) {
    const value more = evaluate(from.more_named, here);
    if (!more.is(kind::mapping))
      throw fault("argument after ** must be a mapping, not "
                  + std::string(type_name(more)));
    for (const auto& [key, v] : more.dict->entries) {
      if (!key.is(kind::text))
        throw fault("keywords must be strings");
      to.named.emplace_back(key.text(), v);
    }
  }
}

value renderer::eval(const jinja::call& e, scope& here) {
  const std::uint32_t line = line_;
  const value callee = evaluate(e.callee, here);
  arguments args;
  collect(e.args, args, here);
  line_ = line;
  return call(callee, args);
}

value renderer::call(const value& callee, const arguments& args) {
  require_defined(callee);
  if (!callee.is(kind::object))
    throw fault("'" + std::string(type_name(callee))
                + "' object is not callable");
  deeper guard(*this);
  return callee.thing->call(*this, args);
}

value renderer::eval(const filter_use& e, scope& here) {
  const std::uint32_t line = line_;
  const value subject = e.subject ? evaluate(e.subject, here) : piped_;
  arguments args;
  collect(e.args, args, here);
  line_ = line;
  if (!e.run)
    throw fault("unknown filter '" + std::string(e.name) + "'");
  return e.run(*this, subject, args);
}

value renderer::eval(const test_use& e, scope& here) {
  const std::uint32_t line = line_;
  const value subject = evaluate(e.subject, here);
  arguments args;
  collect(e.args, args, here);
  line_ = line;
  if (!e.run)
    throw fault("unknown test '" + std::string(e.name) + "'");
  return value::of_bool(e.run(*this, subject, args) != e.negated);
}

value renderer::text(std::string_view made) {
  return value::of_text(memory_.keep(made));
}

value renderer::attribute(const value& owner, std::string_view name) {
  require_defined(owner);
  if (owner.is(kind::object))
    return owner.thing->attribute(*this, name);
  if (object* method = find_method(*this, owner, name))
    return value::of(method);
  if (owner.is(kind::mapping))
    if (const value* found = owner.dict->find(name))
      return *found;
  return value::missing(name, owner.type);
}

value renderer::item(const value& owner, const value& index) {
  require_defined(owner);
  if (owner.is(kind::mapping)) {
    if (const value* found = owner.dict->find(memory_, index))
      return *found;
  } else if (index.is(kind::integer) || index.is(kind::boolean)) {
    const std::int64_t i = as_int(index);
    if (owner.is(kind::sequence) && owner.list->indexable()) {
      const auto n = static_cast<std::int64_t>(owner.list->items.size());
      if (i >= -n && i < n)
        return owner.list->items[static_cast<std::size_t>(i < 0 ? i + n : i)];
    } else if (owner.is(kind::text)) {
      memory_.charge(owner.size);
      const auto n = static_cast<std::int64_t>(length(owner.text()));
      if (i >= -n && i < n) {
        const std::size_t at = offset_of(
            owner.text(), static_cast<std::size_t>(i < 0 ? i + n : i));
        return value::of_text(
            owner.text().substr(at, jinja::decode(owner.text(), at).bytes));
      }
    }
  }
  if (index.is(kind::text)) {
    if (owner.is(kind::object))
      return owner.thing->attribute(*this, index.text());
    if (object* method = find_method(*this, owner, index.text()))
      return value::of(method);
    return value::missing(index.text(), owner.type);
  }
  return value::missing(memory_.keep(repr(memory_, index)), owner.type);
}

sequence* renderer::iterate(const value& v) {
  if (v.is(kind::sequence)) {
    if (v.list->type != flavor::generator)
      return v.list;
    sequence* taken = make_sequence(memory_);
    taken->items.swap(v.list->items);
    return taken;
  }
  sequence* out = make_sequence(memory_);
  if (v.is(kind::undefined))
    return out;
  if (v.is(kind::mapping)) {
    for (const auto& entry : v.dict->entries)
      append(memory_, *out, entry.first);
  } else if (v.is(kind::text)) {
    const std::string_view text = v.text();
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t n = jinja::decode(text, i).bytes;
      append(memory_, *out, value::of_text(text.substr(i, n)));
      i += n;
    }
  } else {
    throw fault("'" + std::string(type_name(v)) + "' object is not iterable");
  }
  return out;
}

} // namespace sluice::device::jinja
