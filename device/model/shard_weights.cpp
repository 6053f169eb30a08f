// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/shard_weights.hpp"

#include <cassert>
#include <utility>

namespace sluice::device {

shard_weights::shard_weights(const model_files& files, backend& device,
                             layer_range layers, progress report)
    : files_(files), loader_(files, device), range_(layers),
      report_(std::move(report)),
      makes_logits_(layers.last == files.config().layers),
      parts_(layers.last - layers.first + (makes_logits_ ? 1 : 0)) {
  for (auto layer = range_.first; layer < range_.last; ++layer)
    total_ += loader_.layer_bytes(layer);
  if (makes_logits_)
    total_ += files.require(tensor_role::output_norm).bytes()
              + files.require(tensor_role::output).bytes();
  layers_.reserve(this->layers());
  loader_.expect_layer(range_.first);
  if (report_)
    report_(0, total_);
}

bool shard_weights::load_next() {
  if (complete())
    return false;
  const auto layer = range_.first + static_cast<std::uint32_t>(loaded_);
  // While this one is packed, the system fetches the next.
  if (layer + 1 < range_.last)
    loader_.expect_layer(layer + 1);
  else if (makes_logits_)
    files_.expect(files_.require(tensor_role::output));
  if (loaded_ < layers()) {
    layers_.push_back(loader_.load_layer(layer));
  } else {
    output_norm_ = loader_.load_norm(tensor_role::output_norm);
    output_ = loader_.load_linear(tensor_role::output);
  }
  ++loaded_;
  if (report_)
    report_(loader_.bytes_done(), total_);
  return true;
}

void shard_weights::load_until(std::size_t parts) {
  assert(parts <= parts_);
  while (loaded_ < parts)
    load_next();
}

const layer_weights& shard_weights::layer(std::size_t index) {
  load_until(index + 1);
  return layers_[index];
}

const device_vector& shard_weights::output_norm() {
  load_until(parts_);
  return output_norm_;
}

const linear& shard_weights::output() {
  load_until(parts_);
  return output_;
}

} // namespace sluice::device
