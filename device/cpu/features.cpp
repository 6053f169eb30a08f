// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/features.hpp"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace sluice::device {

namespace {

constexpr isa all_isas[] = {isa::reference, isa::avx2, isa::avx512_vnni,
                            isa::avx512_bf16, isa::neon_dotprod};

} // namespace

std::string_view name(isa value) noexcept {
  switch (value) {
  case isa::avx2:
    return "avx2";
  case isa::avx512_vnni:
    return "avx512_vnni";
  case isa::avx512_bf16:
    return "avx512_bf16";
  case isa::neon_dotprod:
    return "neon_dotprod";
  default:
    return "reference";
  }
}

std::optional<isa> isa_named(std::string_view text) noexcept {
  for (auto value : all_isas)
    if (name(value) == text)
      return value;
  return std::nullopt;
}

// The builtin reads cpuid and, through xgetbv, what the system saves.
bool supported(isa value) noexcept {
  switch (value) {
#if defined(SLUICE_CPU_X86)
  case isa::avx2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
           && __builtin_cpu_supports("f16c");
  case isa::avx512_vnni:
    return supported(isa::avx2) && __builtin_cpu_supports("avx512f")
           && __builtin_cpu_supports("avx512bw")
           && __builtin_cpu_supports("avx512dq")
           && __builtin_cpu_supports("avx512vl")
           && __builtin_cpu_supports("avx512vnni");
  case isa::avx512_bf16:
    return supported(isa::avx512_vnni) && __builtin_cpu_supports("avx512bf16");
#endif
#if defined(__aarch64__)
  case isa::neon_dotprod:
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
  default:
    return value == isa::reference;
  }
}

std::vector<isa> supported_isas() {
  std::vector<isa> result;
  for (auto value : all_isas)
    if (supported(value))
      result.push_back(value);
  return result;
}

isa best_isa() noexcept {
  auto best = isa::reference;
  for (auto value : all_isas)
    if (supported(value))
      best = value;
  return best;
}

} // namespace sluice::device
