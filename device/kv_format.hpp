// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How keys and values are stored. Apart from backend.hpp because the kernels,
// which are compiled once per instruction set, may include no code.
#pragma once

#include <cstdint>

namespace sluice::device {

/// With f16, attention also rounds queries and weights to f16. With int8, 32
/// values of a head share an f32 scale, queries are rounded alike and their
/// products with keys are integers. All other sums are f32.
enum class kv_format : std::uint8_t { f32, f16, int8 };

} // namespace sluice::device
