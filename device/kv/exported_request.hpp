// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A request in the middle of its answer, as one value: its tokens so far and
// the KV blocks that are full. Another instance of the model, however its
// layers are cut into stages, puts the blocks into its pool, computes the few
// tokens behind them again and goes on with the same tokens: random numbers
// depend on the position alone, and what a sampler counts can be counted again.
// For whoever moves requests between machines; knows no shard.
#pragma once

#include "device/kv/block_key.hpp"
#include "device/kv/kv_identity.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

struct exported_request {
  kv_identity identity;             ///< of all the model's layers
  std::vector<std::int32_t> tokens; ///< prompt and answer so far
  std::uint32_t prompt_tokens = 0;
  /// What else the importer needs (sampling parameters, limits), in an encoding
  /// of the exporter's own.
  std::vector<std::byte> request;
  std::vector<block_key> keys; ///< [blocks]
  /// Full blocks from the first on: the bytes of shard::save_block of all
  /// stages, one after the other.
  std::vector<std::vector<std::byte>> blocks;

  bool operator==(const exported_request&) const = default;
};

/// "SLRQ", version, length, SHA-256 of what follows, fields; little-endian.
std::vector<std::byte> to_bytes(const exported_request& request);

/// Throws model_error when the bytes are not what to_bytes made.
exported_request exported_request_from(std::span<const std::byte> bytes);

/// The part of a whole block that belongs to `layers`.
std::span<const std::byte> part_of(std::span<const std::byte> block,
                                   const kv_identity& whole,
                                   layer_range layers);

} // namespace sluice::device
