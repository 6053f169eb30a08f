// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/kernels.hpp"

#include "device/cpu/features.hpp"
#include "device/error.hpp"

#include <string>

namespace sluice::device {

const kernel_table& kernels_for(isa path) {
  if (!supported(path))
    throw model_error("this processor cannot run " + std::string(name(path))
                      + " code");
#if defined(SLUICE_CPU_X86)
  if (path == isa::avx512_bf16)
    return avx512_bf16_kernels;
  if (path == isa::avx512_vnni)
    return avx512_kernels;
  if (path == isa::avx2)
    return avx2_kernels;
#endif
#if defined(__aarch64__)
  if (path == isa::neon_dotprod)
    return neon_kernels;
#endif
  return reference_kernels;
}

} // namespace sluice::device
