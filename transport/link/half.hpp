// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Hidden states on the wire: f32 to bf16, rounded to nearest even, and back,
// which is exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::transport::link {

/// NaN stays NaN (and quiet); what is too large becomes infinite.
std::uint16_t to_bf16(float value) noexcept;
float from_bf16(std::uint16_t value) noexcept;

/// Both have the same number of elements.
void to_bf16(std::span<const float> from, std::span<std::uint16_t> to) noexcept;
void from_bf16(std::span<const std::uint16_t> from,
               std::span<float> to) noexcept;

} // namespace sluice::transport::link
