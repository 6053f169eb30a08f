// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/gguf_tensor_type.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace sluice::device {

namespace {

struct tensor_type {
  std::uint32_t number;
  std::string_view name;
  std::optional<dtype> type;
};

constexpr std::array<tensor_type, 34> tensor_types{{
    {0, "F32", dtype::f32},
    {1, "F16", dtype::f16},
    {2, "Q4_0", dtype::q4_0},
    {3, "Q4_1", {}},
    {6, "Q5_0", {}},
    {7, "Q5_1", {}},
    {8, "Q8_0", dtype::q8_0},
    {9, "Q8_1", {}},
    {10, "Q2_K", {}},
    {11, "Q3_K", {}},
    {12, "Q4_K", dtype::q4_k},
    {13, "Q5_K", dtype::q5_k},
    {14, "Q6_K", dtype::q6_k},
    {15, "Q8_K", {}},
    {16, "IQ2_XXS", {}},
    {17, "IQ2_XS", {}},
    {18, "IQ3_XXS", {}},
    {19, "IQ1_S", {}},
    {20, "IQ4_NL", {}},
    {21, "IQ3_S", {}},
    {22, "IQ2_S", {}},
    {23, "IQ4_XS", {}},
    {24, "I8", {}},
    {25, "I16", {}},
    {26, "I32", {}},
    {27, "I64", {}},
    {28, "F64", {}},
    {29, "IQ1_M", {}},
    {30, "BF16", dtype::bf16},
    {31, "Q4_0_4_4", {}},
    {32, "Q4_0_4_8", {}},
    {34, "TQ1_0", {}},
    {35, "TQ2_0", {}},
    {39, "MXFP4", {}},
}};

} // namespace

named_tensor_type gguf_tensor_type(std::uint32_t number) {
  const auto* known = std::find_if(
      tensor_types.begin(), tensor_types.end(),
      [&](const tensor_type& type) { return type.number == number; });
  if (known == tensor_types.end()) {
    return {"number " + std::to_string(number), {}};
  }
  return {std::string(known->name), known->type};
}

std::uint32_t gguf_type_number(dtype format) {
  const auto* known = std::find_if(
      tensor_types.begin(), tensor_types.end(),
      [&](const tensor_type& type) { return type.type == format; });
  assert(known != tensor_types.end());
  return known->number;
}

} // namespace sluice::device
