// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tensor types by their GGUF number, with those that do not load named too, so
// that an error can say what a file holds. Used by the parser and the writer.
#pragma once

#include "device/tensor/dtype.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::device {

/// A type's usual name, and its format if it loads.
struct named_tensor_type {
  std::string name;
  std::optional<dtype> format;
};

/// Numbers that are not known are named by themselves.
named_tensor_type gguf_tensor_type(std::uint32_t number);

/// The number of a format that weights have.
std::uint32_t gguf_type_number(dtype format);

/// The names of the types that load, for messages.
inline constexpr std::string_view supported_gguf_types =
    "F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K and Q6_K";

} // namespace sluice::device
