// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Rotary embedding from config.json, in both styles: rope_theta with
// rope_scaling, and rope_parameters, which may be nested per attention type.
// Used by config_from_json alone.
#pragma once

#include "device/files/json_fields.hpp"
#include "device/files/model_config.hpp"

namespace sluice::device {

enum class attention_kind : std::uint8_t { full, window };

/// Rope of the layers of that kind; `config` gives head_dim and context. Throws
/// model_error naming the field.
rope_config rope_from_json(const json_fields& fields,
                           const model_config& config, attention_kind kind);

} // namespace sluice::device
