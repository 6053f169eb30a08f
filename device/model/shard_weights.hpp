// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The weights of a shard, brought into a backend layer by layer: in one go, or
// as a forward pass comes to need them, so that the first layers run before the
// last are in. For the shard alone.
#pragma once

#include "device/kv/kv_identity.hpp"
#include "device/model/layer_weights.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace sluice::device {

class shard_weights {
public:
  /// Called with bytes done and bytes in all.
  using progress = std::function<void(std::uint64_t, std::uint64_t)>;

  /// Loads nothing yet, and reports so. Throws model_error.
  shard_weights(const model_files& files, backend& device, layer_range layers,
                progress report);

  /// Loads the next layer, or after the last one what makes logits. False when
  /// there was nothing left to load. Throws model_error and what `report`
  /// throws; the next call tries again.
  bool load_next();
  bool complete() const noexcept { return loaded_ == parts_; }

  std::size_t layers() const noexcept { return range_.last - range_.first; }

  // What is asked for is loaded first, with everything before it.
  const layer_weights& layer(std::size_t index); ///< counted from range.first
  const device_vector& output_norm();            ///< last shard
  const linear& output();                        ///< last shard

  /// Bytes that one pass over the matrices loaded so far reads.
  std::uint64_t matrix_bytes() const noexcept { return loader_.matrix_bytes(); }

private:
  void load_until(std::size_t parts);

  const model_files& files_;
  weight_loader loader_;
  layer_range range_;
  progress report_;
  bool makes_logits_;
  std::size_t parts_;      ///< layers, and one more for what makes logits
  std::size_t loaded_ = 0; ///< parts
  std::uint64_t total_ = 0;
  std::vector<layer_weights> layers_;
  device_vector output_norm_;
  linear output_;
};

} // namespace sluice::device
