// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The `attribute=` of filters: "function.name", "0", or an index.
#pragma once

#include "device/chat/value.hpp"

namespace sluice::device::jinja {

value attribute_of(renderer& r, const value& item, const value& path);
/// What `item` is ordered by: its attribute (null: itself), text in lower
/// case unless case_sensitive.
value sort_key(renderer& r, const value& item, const value* path,
               bool case_sensitive);

} // namespace sluice::device::jinja
