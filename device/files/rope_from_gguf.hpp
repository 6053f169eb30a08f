// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Rotary embedding from GGUF metadata and from the tensors that hold its
// factors. Used by config_from_gguf alone.
#pragma once

#include "device/files/gguf_fields.hpp"
#include "device/files/model_config.hpp"

namespace sluice::device {

/// Fills rope and local_rope of `config`, which gives family, head_dim and
/// context. Throws model_error naming the key or tensor.
void rope_from_gguf(const gguf_fields& fields, model_config& config);

} // namespace sluice::device
