// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The functions every template can call: range, namespace, dict, joiner,
// cycler, raise_exception and strftime_now.
#pragma once

#include "device/chat/value.hpp"

namespace sluice::device::jinja {

/// Null when there is none of that name.
object* find_function(renderer& r, std::string_view name);

} // namespace sluice::device::jinja
