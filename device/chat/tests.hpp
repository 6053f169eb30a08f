// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What may follow `is`: jinja2's tests.
#pragma once

#include "device/chat/arguments.hpp"

namespace sluice::device::jinja {

predicate find_test(std::string_view name); ///< null: unknown
std::vector<std::string_view> test_names();

} // namespace sluice::device::jinja
