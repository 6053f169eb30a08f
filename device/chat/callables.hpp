// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The objects a template can hold: macros, loop, namespace, methods and
// functions. Made by the renderer and by functions.hpp.
#pragma once

#include "device/chat/renderer.hpp"

namespace sluice::device::jinja {

struct macro_object final : object {
  macro_object(const macro_definition& m, scope& o) : macro(m), outer(o) {}
  std::string_view type_name() const override { return "Macro"; }
  value attribute(renderer& r, std::string_view name) override;
  bool callable() const override { return true; }
  value call(renderer& r, const arguments& args) override;

  const macro_definition& macro;
  scope& outer; ///< where it was defined: what its body sees
};

struct loop_object final : object {
  loop_object(const for_statement& s, scope& o, const sequence& list,
              unsigned depth)
      : statement(s), outer(o), items(list), depth0(depth) {}
  std::string_view type_name() const override { return "LoopContext"; }
  value attribute(renderer& r, std::string_view name) override;
  bool callable() const override { return statement.recursive; }
  value call(renderer& r, const arguments& args) override;

  const for_statement& statement;
  scope& outer;
  const sequence& items;
  unsigned depth0;
  std::size_t index0 = 0;
  sequence* last_changed = nullptr; ///< what changed() was asked last
};

struct namespace_object final : object {
  explicit namespace_object(mapping* m) : attributes(m) {}
  std::string_view type_name() const override { return "Namespace"; }
  value attribute(renderer& r, std::string_view name) override;
  bool set_attribute(renderer& r, std::string_view name,
                     const value& item) override;
  void print(heap& memory, std::string& out, unsigned depth) const override;

  mapping* attributes;
};

/// x.name of something with methods, before it is called.
struct bound_method final : object {
  bound_method(operation o, const value& s) : run(o), self(s) {}
  std::string_view type_name() const override {
    return "builtin_function_or_method";
  }
  bool callable() const override { return true; }
  value call(renderer& r, const arguments& args) override {
    return run(r, self, args);
  }

  operation run;
  value self;
};

struct builtin_function final : object {
  using body = value (*)(renderer&, const arguments&);
  explicit builtin_function(body b) : run(b) {}
  std::string_view type_name() const override { return "function"; }
  bool callable() const override { return true; }
  value call(renderer& r, const arguments& args) override {
    return run(r, args);
  }

  body run;
};

/// cycler(a, b): next(), current, reset().
struct cycler_object final : object {
  explicit cycler_object(sequence* s) : items(s) {}
  std::string_view type_name() const override { return "Cycler"; }
  value attribute(renderer& r, std::string_view name) override;

  sequence* items;
  std::size_t at = 0;
};

/// joiner(", "): empty at the first call, the separator afterwards.
struct joiner_object final : object {
  explicit joiner_object(std::string_view s) : separator(s) {}
  std::string_view type_name() const override { return "Joiner"; }
  bool callable() const override { return true; }
  value call(renderer& r, const arguments& args) override;

  std::string_view separator;
  bool used = false;
};

} // namespace sluice::device::jinja
