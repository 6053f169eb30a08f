// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Python's operators on values. Used by the renderer and by filters.
#pragma once

#include "device/chat/ast.hpp"

namespace sluice::device::jinja {

/// Throws fault, in Python's words, when the operands do not fit.
value apply(renderer& r, binary_operator op, const value& a, const value& b);
value negate(const value& v);
bool contains(renderer& r, const value& container, const value& item);
/// Absent bounds are null.
value slice_of(renderer& r, const value& v, const value* start,
               const value* stop, const value* step);

} // namespace sluice::device::jinja
