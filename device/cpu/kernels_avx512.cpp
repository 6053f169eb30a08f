// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/vec_avx512.hpp"

#include "device/cpu/attention_kernels.hpp"
#include "device/cpu/matmul_kernels.hpp"

namespace sluice::device {

const kernel_table avx512_kernels{
    .matmul = matmul,
    .quantize = quantize,
    .attention = attention,
    .store_token = store_token,
    .rms_norm = rms_norm,
    .rope = rope,
    .gated = gated,
    .add = add,
    .add_scaled = add_scaled,
    .softcap = softcap,
    .integer_peak = integer_peak,
    .bf16_peak = bf16_peak,
};

} // namespace sluice::device
