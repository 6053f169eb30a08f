// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The most memory that this process held at once, for people.
#pragma once

#include <cstdint>

namespace sluice::apps {

/// Peak resident bytes, mapped files included; 0 when the system does not tell.
std::uint64_t peak_resident_bytes();

} // namespace sluice::apps
