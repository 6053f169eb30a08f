// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Makes Llama-shaped GGUF files with random weights, so that the speed of any
// shape and format can be measured without a download. Nothing here is trained:
// `sluice bench model` and llama.cpp's llama-bench read the files, and with a
// made-up tokenizer they can be asked questions, too.
#pragma once

#include "device/files/gguf_writer.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace sluice::device {

/// Sizes of a model; the defaults are those of a 1.24 B model.
struct random_model_shape {
  std::uint32_t width = 2048;
  std::uint32_t ff_width = 8192;
  std::uint32_t layers = 16;
  std::uint32_t heads = 32;
  std::uint32_t kv_heads = 8;
  std::uint32_t vocabulary = 128256;
  std::uint32_t context = 8192;
  bool tied = true;       ///< the output matrix is the embedding
  bool tokenizer = false; ///< random_vocabulary and a chat template
};

/// "q8_0", "q4_k_m" and so on: the formats that `weight_mix` knows.
inline constexpr std::string_view random_model_formats =
    "f32, f16, bf16, q8_0, q4_0, q4_k_m, q5_k_m and q6_k";

/// Writes the file. Mixed formats are mixed as llama.cpp's quantiser does it:
/// of *_k_m files the output matrix, and in half of the layers the value and
/// down matrices are q6_k; of q4_0 files the output matrix is. Throws
/// model_error for a shape that no model has, an unknown format, and when the
/// file cannot be written.
void write_random_model(const std::filesystem::path& path,
                        const random_model_shape& shape,
                        std::string_view format, std::uint64_t seed,
                        const gguf_writer::progress& report = {});

} // namespace sluice::device
