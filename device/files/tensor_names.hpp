// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where each tensor_role lies in a file: one table of names for both formats,
// with the shape stored under the name and the part of it that is the role's.
// Used by model_files alone; knows no file.
#pragma once

#include "device/files/model_config.hpp"
#include "device/files/model_files.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Which part of the stored tensor is the role's.
enum class tensor_part : std::uint8_t {
  whole,
  fused_query, ///< rows of [query; key; value]
  fused_key,
  fused_value,
  first_half, ///< rows of [gate; up]
  second_half,
  expert,            ///< of [experts, n, k]
  expert_first_half, ///< of [experts, gate; up, k]
  expert_second_half,
};

/// Models that a row of the table is for.
enum class naming : std::uint8_t {
  all,
  separate, ///< those with separate query, key, value, gate and up
  fused,    ///< Phi-3
  plain_norms,
  post_norms, ///< Gemma
};

/// One place where a role may lie. `{l}` stands for the layer, `{e}` for the
/// expert; an empty name means that the format has no such place.
struct tensor_place {
  tensor_role role;
  tensor_part part;
  naming models;
  std::string_view folder; ///< name in safetensors
  std::string_view gguf;
};

/// The whole table.
std::span<const tensor_place> tensor_places() noexcept;

/// Whether the row is for models with this config.
bool applies(naming models, const model_config& config) noexcept;

/// The pattern with layer and expert filled in.
std::string fill_in(std::string_view pattern, std::size_t layer,
                    std::size_t expert);

/// Whether a model of this config has the role in that layer: never, always,
/// or as the file likes (biases).
enum class presence : std::uint8_t { never, optional, always };
presence presence_of(tensor_role role, const model_config& config,
                     std::size_t layer) noexcept;

/// How many of them a model has: one, one per layer, one per expert.
enum class scope : std::uint8_t { model, layer, expert };
scope scope_of(tensor_role role) noexcept;

/// Shape of the role, outermost first.
std::vector<std::size_t> role_shape(tensor_role role,
                                    const model_config& config);

/// Shape of the stored tensor that holds the role as `part`.
std::vector<std::size_t> stored_shape(tensor_role role, tensor_part part,
                                      const model_config& config);

/// Cuts the role out of a tensor of stored_shape.
tensor_view cut(const tensor_view& stored, tensor_role role, tensor_part part,
                const model_config& config, std::size_t expert);

} // namespace sluice::device
