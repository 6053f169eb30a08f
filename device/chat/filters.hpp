// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What may follow |: jinja2's filters, tojson as transformers redefines it.
#pragma once

#include "device/chat/arguments.hpp"

#include <span>

namespace sluice::device::jinja {

using named_filter = std::pair<std::string_view, operation>;

operation find_filter(std::string_view name); ///< null: unknown
std::vector<std::string_view> filter_names();

// The three tables that find_filter searches.
std::span<const named_filter> scalar_filters();
std::span<const named_filter> sequence_filters();
std::span<const named_filter> selection_filters();

} // namespace sluice::device::jinja
