// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The tokenizer.json of a Hugging Face folder: vocabulary, merges, added tokens
// and every stage around them. Used by the folder reader.
#pragma once

#include "device/text/tokenizer_parts.hpp"

#include <cstddef>
#include <filesystem>

namespace sluice::device {

/// `rows`: of the model's embedding, 0 if not known. Throws model_error.
tokenizer_parts read_tokenizer_json(const std::filesystem::path& path,
                                    std::size_t rows);

} // namespace sluice::device
