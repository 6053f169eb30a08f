// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// model_config from GGUF metadata
// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Used by
// model_files; reads tensors only where GGUF keeps hyper-parameters in them
// (rope factors, the vocabulary's size, which layers are dense).
#pragma once

#include "device/files/gguf.hpp"
#include "device/files/model_config.hpp"

namespace sluice::device {

/// Throws model_error naming the file and the key.
model_config config_from_gguf(const gguf_file& file);

} // namespace sluice::device
