// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/layer_weights.hpp"

#include <array>
#include <initializer_list>
#include <optional>
#include <span>

namespace sluice::device {

namespace {

using role = tensor_role;

// The bias that belongs to a matrix.
std::optional<role> bias_of(role matrix) {
  switch (matrix) {
  case role::query:
    return role::query_bias;
  case role::key:
    return role::key_bias;
  case role::value:
    return role::value_bias;
  case role::attention_output:
    return role::attention_output_bias;
  case role::gate:
    return role::gate_bias;
  case role::up:
    return role::up_bias;
  case role::down:
    return role::down_bias;
  default:
    return std::nullopt;
  }
}

} // namespace

bool has_experts(const model_config& config, std::uint32_t layer) {
  const bool dense =
      layer < config.dense_layer.size() && config.dense_layer[layer];
  return config.experts > 0 && !dense;
}

linear weight_loader::load_linear(role matrix, std::uint32_t layer,
                                  std::size_t expert) {
  linear out;
  const auto view = files_.require(matrix, layer, expert);
  out.weight = device_.pack(
      view, [this](std::span<std::byte> part, const std::byte* from) {
        files_.read(part, from);
      });
  done_ += view.bytes();
  matrix_bytes_ += out.weight->bytes;
  if (const auto bias = bias_of(matrix))
    out.bias = load_bias(*bias, layer);
  return out;
}

std::vector<float> weight_loader::values_of(const tensor_view& view) const {
  std::vector<std::byte> bytes(view.bytes());
  files_.read(bytes, view.data);
  auto copy = view;
  copy.data = bytes.data();
  return to_f32(copy);
}

device_vector weight_loader::load_bias(role bias, std::uint32_t layer) {
  const auto view = files_.find(bias, layer);
  if (!view)
    return {};
  const auto values = values_of(*view);
  auto memory = device_.allocate(values.size());
  device_.write(memory->data(), values);
  done_ += view->bytes();
  return device_vector{std::move(memory)};
}

device_vector weight_loader::load_norm(role norm, std::uint32_t layer) {
  const auto view = files_.require(norm, layer);
  auto values = values_of(view);
  for (auto& x : values)
    x += files_.config().norm_offset;
  auto memory = device_.allocate(values.size());
  device_.write(memory->data(), values);
  done_ += view.bytes();
  return device_vector{std::move(memory)};
}

gated_layer weight_loader::load_dense(std::uint32_t layer) {
  return {load_linear(role::gate, layer), load_linear(role::up, layer),
          load_linear(role::down, layer)};
}

gated_layer weight_loader::load_expert(std::uint32_t layer,
                                       std::size_t expert) {
  return {load_linear(role::expert_gate, layer, expert),
          load_linear(role::expert_up, layer, expert),
          load_linear(role::expert_down, layer, expert)};
}

layer_weights weight_loader::load_layer(std::uint32_t layer) {
  const auto& config = files_.config();
  layer_weights out;
  out.attention_norm = load_norm(role::attention_norm, layer);
  out.query = load_linear(role::query, layer);
  out.key = load_linear(role::key, layer);
  out.value = load_linear(role::value, layer);
  out.attention_output = load_linear(role::attention_output, layer);
  out.ff_norm = load_norm(role::ff_norm, layer);
  if (config.qk_norm) {
    out.query_norm = load_norm(role::query_norm, layer);
    out.key_norm = load_norm(role::key_norm, layer);
  }
  if (config.post_norms) {
    out.post_attention_norm = load_norm(role::post_attention_norm, layer);
    out.post_ff_norm = load_norm(role::post_ff_norm, layer);
  }
  if (!has_experts(config, layer)) {
    out.dense = load_dense(layer);
    return out;
  }
  out.router = load_linear(role::expert_router, layer);
  for (std::size_t expert = 0; expert < config.experts; ++expert)
    out.experts.push_back(load_expert(layer, expert));
  return out;
}

void weight_loader::for_each_tensor(
    std::uint32_t layer,
    const std::function<void(const tensor_view&)>& f) const {
  const auto& config = files_.config();
  const auto visit = [&](std::initializer_list<role> roles,
                         std::size_t expert = 0) {
    for (const auto r : roles)
      if (const auto view = files_.find(r, layer, expert))
        f(*view);
  };
  visit({role::attention_norm, role::query, role::query_bias, role::key,
         role::key_bias, role::value, role::value_bias, role::attention_output,
         role::attention_output_bias, role::ff_norm});
  if (config.qk_norm)
    visit({role::query_norm, role::key_norm});
  if (config.post_norms)
    visit({role::post_attention_norm, role::post_ff_norm});
  if (!has_experts(config, layer)) {
    visit({role::gate, role::gate_bias, role::up, role::up_bias, role::down,
           role::down_bias});
    return;
  }
  visit({role::expert_router});
  for (std::size_t expert = 0; expert < config.experts; ++expert)
    visit({role::expert_gate, role::expert_up, role::expert_down}, expert);
}

std::uint64_t weight_loader::layer_bytes(std::uint32_t layer) const {
  std::uint64_t sum = 0;
  for_each_tensor(layer, [&](const auto& view) { sum += view.bytes(); });
  return sum;
}

void weight_loader::expect_layer(std::uint32_t layer) const {
  for_each_tensor(layer, [&](const auto& view) { files_.expect(view); });
}

} // namespace sluice::device
