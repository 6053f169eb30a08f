// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// vocab.json and merges.txt of a Hugging Face folder, the files of the slow
// tokenizers. Used by the folder reader where there is no tokenizer.json.
#pragma once

#include "device/text/json_file.hpp"
#include "device/text/tokenizer_parts.hpp"

#include <cstddef>
#include <filesystem>

namespace sluice::device {

/// `config`: tokenizer_config.json, null if there is none; its class says how
/// text is cut. `rows`: of the model's embedding, 0 if not known. Throws
/// model_error.
tokenizer_parts read_vocab_and_merges(const std::filesystem::path& folder,
                                      const json_file* config,
                                      std::size_t rows);

} // namespace sluice::device
