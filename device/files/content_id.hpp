// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A short name for the content of a model's files, so that what was computed
// with one model is never taken for another's: stored KV blocks carry it. Knows
// no format.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

namespace sluice::device {

/// The first half of a SHA-256.
using content_id = std::array<std::uint8_t, 16>;

/// Of a file's bytes; of a folder's config.json and *.safetensors, by name.
/// Throws model_error.
content_id content_id_of(const std::filesystem::path& path);

} // namespace sluice::device
