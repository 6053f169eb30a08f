// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Binds one YAML scalar to a field or list element: text, truth value, word of
// an enum, number within its range, or a notation such as "8GiB". Used by the
// binder; knows no field by name.
#pragma once

#include "graph/diagnostic.hpp"
#include "graph/yaml/schema_text.hpp"
#include "graph/yaml/tree.hpp"

#include <capnp/dynamic.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::graph::yaml {

/// One value on its way into a field: what it is, and what to call it.
struct slot {
  capnp::Type type;
  std::string path;
  std::string title; ///< "field 'listen'"
  std::string_view format;
  std::optional<number_limits> range;
  bool single = false;
};

/// A value as a message shows it: in quotes, or "a map".
std::string shown(const node& value);

class scalar_binder {
public:
  using setter = std::function<void(const capnp::DynamicValue::Reader&)>;

  /// `file` is what diagnostics call the tree's file.
  scalar_binder(std::string file, diagnostics& found)
      : file_(std::move(file)), found_(found) {}

  /// Calls `set` with the value, or tells why it does not fit.
  void bind(const node& value, const slot& where, const setter& set);

private:
  void bind_enum(const node& value, const slot& where, const setter& set);
  void bind_number(const node& value, const slot& where, const setter& set);
  void bind_whole(const node& value, const slot& where, const setter& set);
  void bind_shorthand(const node& value, const slot& where, const setter& set);

  void tell(const node& value, std::string text);
  void mistyped(const node& value, const slot& where);
  void out_of_range(const node& value, const slot& where, double min,
                    double max);
  bool within(const node& value, const slot& where, double parsed);

  std::string file_;
  diagnostics& found_;
};

} // namespace sluice::graph::yaml
