// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which instruction sets the CPU kernels may use here. Read by the CPU backend
// and by programs that print it; the choice is an argument, never a variable of
// the environment.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Kernel paths, slowest first. All give the same bits.
enum class isa {
  reference,   ///< plain C++
  avx2,        ///< AVX2, FMA, F16C
  avx512_vnni, ///< AVX-512 F, BW, DQ, VL and VNNI
  avx512_bf16, ///< these and BF16
  neon_dotprod ///< Armv8.2 with its dot products
};

/// "reference", "avx2", "avx512_vnni", "avx512_bf16",
/// "neon_dotprod".
std::string_view name(isa value) noexcept;

/// The path of that name; nothing if there is none.
std::optional<isa> isa_named(std::string_view name) noexcept;

/// Whether processor and operating system can run the path.
bool supported(isa value) noexcept;

/// Paths this machine can run, slowest first.
std::vector<isa> supported_isas();

/// The fastest path this machine can run.
isa best_isa() noexcept;

} // namespace sluice::device
