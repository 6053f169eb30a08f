// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Whose keys and values some bytes are: the model, its layers, the format, and
// what attention saw. Stands before every KV block that leaves its pool, and at
// the front of files full of them. Knows no shard and no file.
#pragma once

#include "device/files/content_id.hpp"
#include "device/kv_format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::device {

/// As graphs and messages write them, by number.
inline constexpr std::array<std::string_view, 3> kv_format_names{"f32", "f16",
                                                                 "int8"};

constexpr std::string_view name(kv_format format) noexcept {
  return kv_format_names[static_cast<std::size_t>(format)];
}

/// Layers [first, last) of a model.
struct layer_range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool operator==(const layer_range&) const = default;
};

struct kv_identity {
  content_id model{};
  layer_range layers;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_dim = 0;
  kv_format format = kv_format::f32;
  std::uint32_t window = 0; ///< as kv_options has them: K and V of all layers
  std::uint32_t sinks = 0;  ///< but the first depend on what was seen
  bool operator==(const kv_identity&) const = default;
};

/// Grows when the layout of blocks changes, or the numbers in them: then what
/// older programs stored must not be read.
inline constexpr std::uint32_t kv_version = 1;

inline constexpr std::size_t kv_identity_bytes = 64;

/// "SLKV", kv_version, the fields in order as little-endian u32, zeros.
std::array<std::byte, kv_identity_bytes> encode(const kv_identity& identity);

/// Reads what `encode` wrote from the front of `bytes`. Throws model_error for
/// anything else.
kv_identity decode_kv_identity(std::span<const std::byte> bytes);

/// What keeps blocks of `given` from being used as blocks of `wanted`, or "".
std::string difference(const kv_identity& given, const kv_identity& wanted);

/// Throws model_error with the difference if there is one.
void require_same(const kv_identity& given, const kv_identity& wanted);

} // namespace sluice::device
