// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/tensor/dtype.hpp"

#include <array>
#include <cassert>

namespace sluice::device {

namespace {

struct format {
  std::string_view name;
  std::size_t elements;
  std::size_t bytes;
};

// In the order of the enum.
constexpr std::array<format, 9> formats{{{"f32", 1, 4},
                                         {"f16", 1, 2},
                                         {"bf16", 1, 2},
                                         {"q8_0", 32, 34},
                                         {"q4_0", 32, 18},
                                         {"q4_k", 256, 144},
                                         {"q5_k", 256, 176},
                                         {"q6_k", 256, 210},
                                         {"i32", 1, 4}}};

const format& format_of(dtype type) noexcept {
  return formats[static_cast<std::size_t>(type)];
}

} // namespace

std::string_view name(dtype type) noexcept {
  return format_of(type).name;
}

std::size_t block_elements(dtype type) noexcept {
  return format_of(type).elements;
}

std::size_t block_bytes(dtype type) noexcept {
  return format_of(type).bytes;
}

std::size_t row_bytes(dtype type, std::size_t elements) noexcept {
  const auto& f = format_of(type);
  assert(elements % f.elements == 0);
  return elements / f.elements * f.bytes;
}

} // namespace sluice::device
