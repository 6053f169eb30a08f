// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which states of a pushdown no token can tell apart. A token takes at most
// `steps` bytes, so states that agree that far share what is known of them: in
// a string of up to 5000 characters all but the last few are one class.
#pragma once

#include "device/grammar/pushdown.hpp"

#include <cstdint>
#include <vector>

namespace sluice::device {

/// The class of each state, counted from 0: equal for states that cannot be
/// told apart within `steps` bytes. Throws model_error when the budget is
/// spent.
std::vector<std::uint32_t> classify(const pushdown& rules, std::uint32_t steps,
                                    work_budget& budget);

} // namespace sluice::device
