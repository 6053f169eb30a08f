// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The stages of a tokenizer.json around its model: normalizer, pre_tokenizer,
// post_processor and decoder, as Hugging Face's tokenizers define them
// (https://huggingface.co/docs/tokenizers/components). Used by
// the reader of tokenizer.json. A stage that is not known is refused by name:
// to leave it out would give other tokens than the model was trained on.
#pragma once

#include "device/text/json_file.hpp"
#include "device/text/tokenizer_parts.hpp"

namespace sluice::device {

/// Whether tokens are spelled in the byte alphabet.
bool uses_byte_alphabet(const json_file& file);

void read_normalizer(const json_file& file, tokenizer_parts& into);
void read_pre_tokenizer(const json_file& file, tokenizer_parts& into);
/// Fills prefix and suffix. The vocabulary must be there.
void read_post_processor(const json_file& file, tokenizer_parts& into);
void read_decoder(const json_file& file, tokenizer_parts& into);

} // namespace sluice::device
