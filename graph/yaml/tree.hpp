// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A YAML document as a tree in which every value knows its place in the file.
// Used by the binder; knows no schema. Hostile files (deep, huge, aliases that
// multiply) end as a diagnostic.
#pragma once

#include "graph/diagnostic.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::graph::yaml {

/// What a file may be made of.
struct limits {
  std::size_t bytes = 4u << 20;
  std::size_t depth = 64;
  /// Values of the whole document, each alias counted as what it stands for.
  std::size_t nodes = 100'000;
};

enum class node_type : std::uint8_t { null, scalar, sequence, map };

struct entry;

/// One value.
struct node {
  node_type type = node_type::null;
  std::uint32_t line = 0;   ///< from 1
  std::uint32_t column = 0; ///< from 1, in characters
  bool quoted = false;      ///< a scalar in quotes or a block scalar
  std::string text;         ///< of a scalar
  std::vector<std::shared_ptr<const node>> items; ///< of a sequence
  std::vector<entry> entries;                     ///< of a map, keys unique
  std::size_t weight = 1; ///< values in this subtree, aliases expanded
  std::size_t height = 1; ///< levels in this subtree
};

/// One key of a map and its value.
struct entry {
  std::string key;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::shared_ptr<const node> value;
};

/// Parses one document. Empty with at least one diagnostic if it is no YAML, is
/// not UTF-8, exceeds a limit, has a key twice or has several documents.
std::shared_ptr<const node> parse(std::string_view text,
                                  const std::string& file, diagnostics& found,
                                  const limits& bounds = {});

/// "text", "list" and so on, for messages.
std::string_view describe(const node& value);

} // namespace sluice::graph::yaml
