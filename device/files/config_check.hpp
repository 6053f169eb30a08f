// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Bounds on the numbers of a model_config, checked where they are read and
// again across fields. They keep every product of two of them inside 64 bits
// and every per-layer list small, whatever a file claims. Used by both readers.
#pragma once

#include "device/files/model_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::device {

inline constexpr std::uint64_t max_layers = 512;
inline constexpr std::uint64_t max_width = 1 << 17;
inline constexpr std::uint64_t max_heads = 1 << 12;
inline constexpr std::uint64_t max_head_dim = 1 << 10;
inline constexpr std::uint64_t max_ff_width = 1 << 20;
inline constexpr std::uint64_t max_vocabulary = 1 << 22;
inline constexpr std::uint64_t max_context = 1 << 28;
inline constexpr std::uint64_t max_experts = 1 << 10;

/// `value` if it is in [1, most]. Throws model_error that begins with `where`
/// and names `key`.
std::uint32_t checked_count(std::uint64_t value, std::uint64_t most,
                            const std::string& where, std::string_view key);

/// Checks what involves several fields; throws one model_error with all
/// problems, which begins with `where`.
void check(const model_config& config, const std::string& where);

/// Drops ids outside the vocabulary, which no model can produce, and repeats.
void tidy_special_tokens(model_config& config);

} // namespace sluice::device
