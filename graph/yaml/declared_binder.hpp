// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Reads the settings of an actor whose kind a host program declared: there is
// no schema struct for it. Used by the binder, with the same words for the same
// mistakes.
#pragma once

#include "graph/diagnostic.hpp"
#include "graph/kinds/declared_setting.hpp"
#include "graph/yaml/source_map.hpp"
#include "graph/yaml/tree.hpp"

#include <string>
#include <vector>

namespace sluice::graph::yaml {

/// Where the actor stands and what messages call it.
struct declared_place {
  source_map& places;
  diagnostics& found;
  std::string path;
  std::string title;
};

/// The actor's settings; keys among `others` are not settings. Mistakes are
/// told, and what is right is read all the same.
setting_values read_declared(const node& actor,
                             const std::vector<declared_setting>& declared,
                             const std::vector<std::string>& others,
                             const declared_place& where);

} // namespace sluice::graph::yaml
