// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The tiny random models of all nine families, and what Hugging Face
// transformers computed for them in f32 (tests/data/goldens/VERSION).
#pragma once

#include "device/files/safetensors.hpp"
#include "device/tensor/tensor_view.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device::tests {

inline const std::vector<std::string> families{
    "llama", "llama3-scaled", "mistral-window", "mixtral", "qwen2",
    "qwen3", "qwen3-moe",     "gemma3",         "phi3"};

struct golden_run {
  std::vector<std::int32_t> input_ids;
  std::vector<float> logits; ///< [input_ids, vocabulary]
  std::vector<std::int32_t> greedy_prompt;
  std::vector<std::int32_t> greedy_ids;
};

inline std::vector<std::int32_t> ids_of(const safetensors_file& file,
                                        std::string_view key) {
  const auto view = file.find_tensor(key).value();
  BOOST_REQUIRE(view.type == dtype::i32);
  std::vector<std::int32_t> out(view.elements());
  std::memcpy(out.data(), view.data, view.bytes());
  return out;
}

inline std::string folder_of(const std::string& family) {
  return "tests/data/goldens/" + family;
}

inline golden_run read_golden(const std::string& family) {
  const auto file =
      safetensors_file::open(folder_of(family) + "/golden.safetensors");
  return {ids_of(file, "input_ids"), to_f32(file.find_tensor("logits").value()),
          ids_of(file, "greedy_prompt"), ids_of(file, "greedy_ids")};
}

} // namespace sluice::device::tests
