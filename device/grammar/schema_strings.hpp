// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What pattern, format and length together say of a string's content, as a
// machine over its UTF-8. Part of the JSON Schema front end.
#pragma once

#include "device/grammar/machine.hpp"
#include "device/grammar/schema_shape.hpp"

namespace sluice::device {

/// Any text; machines of contents lie within it.
machine any_text(work_budget& budget);

/// Throws model_error naming the keyword that cannot be used.
machine content_machine(const shape& what, work_budget& budget);

} // namespace sluice::device
