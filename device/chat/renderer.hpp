// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One render of one program: scopes, output, limits. Statements and
// expressions are evaluated here; filters, tests, methods and functions get
// the renderer to call back into.
#pragma once

#include "device/chat/ast.hpp"

#include <chrono>
#include <string>

namespace sluice::device::jinja {

inline constexpr unsigned max_depth = 600; ///< expressions and statements
inline constexpr unsigned max_calls = 60;  ///< macros in each other
inline constexpr std::size_t max_output = std::size_t{16} << 20; ///< bytes
inline constexpr symbol no_symbol = UINT32_MAX;
inline constexpr std::size_t max_iterations = 1'000'000;

/// Names visible at one place; looked up from the inside out.
struct scope {
  scope(scope* outer, std::pmr::memory_resource* memory)
      : parent(outer), names(memory) {}
  scope* parent;
  std::pmr::vector<std::pair<symbol, value>> names;

  const value* find(symbol id) const;
  void set(symbol id, const value& item);
};

class renderer {
public:
  using clock = std::chrono::system_clock;

  renderer(const program& source, heap& memory, clock::time_point now);

  void define(symbol id, const value& item) { root_->set(id, item); }
  std::string run();

  // For filters, tests, methods and functions.
  heap& memory() { return memory_; }
  clock::time_point now() const { return now_; }
  value text(std::string_view made); ///< copies into the heap
  value call(const value& callee, const arguments& args);
  /// x.name: a method or attribute first, then an item.
  value attribute(const value& owner, std::string_view name);
  /// x[index]: an item first, then a method or attribute.
  value item(const value& owner, const value& index);
  /// The items of anything iterable. Consumes a generator. Throws fault.
  sequence* iterate(const value& v);
  std::string call_macro(const macro_definition& macro, scope& outer,
                         const arguments& args);
  std::string loop_again(const for_statement& loop, scope& outer,
                         const value& items, unsigned depth0);

  std::uint32_t line() const { return line_; }

private:
  enum class flow : std::uint8_t { next, leave_loop, next_iteration };
  class deeper;

  // statements
  flow execute(const block& body, scope& here);
  flow run_node(const text_output& s, scope& here);
  flow run_node(const value_output& s, scope& here);
  flow run_node(const if_statement& s, scope& here);
  flow run_node(const for_statement& s, scope& here);
  flow run_node(const set_statement& s, scope& here);
  flow run_node(const set_block& s, scope& here);
  flow run_node(const macro_statement& s, scope& here);
  flow run_node(const call_block& s, scope& here);
  flow run_node(const filter_block& s, scope& here);
  flow run_node(const scoped_block& s, scope& here);
  flow run_node(const break_statement& s, scope& here);
  flow run_node(const continue_statement& s, scope& here);
  flow run_loop(const for_statement& s, scope& here, const value& items,
                unsigned depth0);
  sequence* filtered(const for_statement& s, scope& here, sequence* items);
  void assign(const assign_target& target, const value& item, scope& here);
  std::string capture(const block& body, scope& here);
  value capture_filtered(expression_ref filter, const block& body, scope& here);
  void write(std::string_view text);
  scope* make_scope(scope& outer);

  // expressions
  value evaluate(expression_ref e, scope& here);
  value eval(const literal& e, scope& here);
  value eval(const name_reference& e, scope& here);
  value eval(const sequence_literal& e, scope& here);
  value eval(const mapping_literal& e, scope& here);
  value eval(const unary& e, scope& here);
  value eval(const binary_chain& e, scope& here);
  value eval(const comparison_chain& e, scope& here);
  value eval(const logic_chain& e, scope& here);
  value eval(const conditional& e, scope& here);
  value eval(const attribute_access& e, scope& here);
  value eval(const subscript& e, scope& here);
  value eval(const slice& e, scope& here);
  value eval(const jinja::call& e, scope& here);
  value eval(const filter_use& e, scope& here);
  value eval(const test_use& e, scope& here);
  void collect(const call_arguments& from, arguments& to, scope& here);
  value lookup(symbol id, scope& here);

  const program& program_;
  heap& memory_;
  clock::time_point now_;
  scope* root_;
  std::string out_;
  std::uint32_t line_ = 1;
  unsigned depth_ = 0;
  unsigned calls_ = 0;
  std::size_t iterations_ = 0;
  value piped_;        ///< the text a filter block filters
  symbol loop_symbol_; ///< "loop", or no_symbol when never named
};

} // namespace sluice::device::jinja
