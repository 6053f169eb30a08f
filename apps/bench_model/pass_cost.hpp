// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a forward pass has to compute and to read, from a model's shape alone:
// the floors that `sluice bench model` holds measured times against.
#pragma once

#include "device/files/model_config.hpp"

#include <cstdint>

namespace sluice::apps {

class pass_cost {
public:
  /// `weight_bytes`: of all matrices; `kv_token_bytes`: K and V of one token,
  /// all layers.
  pass_cost(const device::model_config& config, std::uint64_t weight_bytes,
            std::uint64_t kv_token_bytes);

  /// Multiplies and adds of the matrices for `tokens` tokens, `outputs` of
  /// which want logits. Of experts, those that a token uses.
  double operations(double tokens, double outputs) const {
    return 2 * (tokens * body_macs_ + outputs * head_macs_);
  }

  /// Matrices that one pass over `tokens` tokens reads. Experts: as many as
  /// the tokens can use.
  double weight_bytes(std::uint32_t tokens) const;

  /// Keys and values that the token at `position` sees, itself included.
  double kv_bytes(std::uint32_t position) const;

private:
  const device::model_config& config_;
  double weight_bytes_;
  double kv_layer_bytes_;   ///< one token, one layer
  double body_macs_ = 0;    ///< per token
  double head_macs_ = 0;    ///< per row of logits: the last feed-forward
                            ///< block runs for these rows alone
  double expert_share_ = 0; ///< of the weight bytes
};

} // namespace sluice::apps
