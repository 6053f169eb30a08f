// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Random weights in any format that a file may have, made in that format
// without quantising anything. Used by random_model.hpp.
#pragma once

#include "device/tensor/dtype.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::device {

/// Fills `out`, whole blocks of `type`, with weights of mean 0 and a standard
/// deviation of about 0.02, as trained matrices have. The same (seed, first)
/// gives the same bytes; `first` counts the blocks before.
void random_blocks(dtype type, std::uint64_t seed, std::uint64_t first,
                   std::span<std::byte> out);

} // namespace sluice::device
