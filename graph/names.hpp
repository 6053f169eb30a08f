// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What may be the name of an actor, zone, node or model. Used by validation of
// graphs and placements alike; knows neither.
#pragma once

#include "graph/diagnostic.hpp"

#include <string>
#include <string_view>

namespace sluice::graph {

/// An actor, zone, node or label: a letter, then letters, digits, '_' and '-',
/// at most 63.
bool is_name(std::string_view text);

/// A model: dots and a digit in front too, as in "Llama-3.2-1B".
bool is_model_name(std::string_view text);

/// Tells when `name` is none; `what` opens the message: "zone".
void check_name(std::string_view name, const location& where,
                const std::string& what, diagnostics& found);

} // namespace sluice::graph
