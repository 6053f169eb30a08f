// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a client's `tools` mean to a model: which names may be called, and the
// grammar that an answer follows when it must call one. Pure.
#pragma once

#include "actors/runtime/tool_convention.hpp"
#include "device/grammar/grammar_source.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// The functions' names; entries that have none are left out.
std::vector<std::string> tool_names(const boost::json::array& tools);

/// The grammar of an answer that calls `only`, or any tool when that is "";
/// one call unless `parallel`. `convention` is not none.
device::grammar_source tool_grammar(const boost::json::array& tools,
                                    tool_convention convention,
                                    std::string_view only, bool parallel);

} // namespace sluice::actors
