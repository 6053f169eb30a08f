// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// model_config from a Hugging Face folder's config.json and
// generation_config.json, in the style of transformers 4 (rope_theta,
// rope_scaling) and of transformers 5 (rope_parameters). Used by model_files;
// knows no tensor.
#pragma once

#include "device/files/model_config.hpp"

#include <filesystem>

namespace sluice::device {

/// Reads `folder`/config.json. `vocabulary` stays 0 where the file leaves it to
/// the embedding's size. Throws model_error naming the file and the field.
model_config config_from_json(const std::filesystem::path& folder);

} // namespace sluice::device
