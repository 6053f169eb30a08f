// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Methods of str, list, tuple and dict that a template may call.
#pragma once

#include "device/chat/arguments.hpp"

namespace sluice::device::jinja {

/// The bound method, or null when `self` has none of that name.
object* find_method(renderer& r, const value& self, std::string_view name);

/// Null when str has no such method.
operation find_text_method(std::string_view name);

} // namespace sluice::device::jinja
