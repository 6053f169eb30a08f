// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/model_shape.hpp"

#include "device/error.hpp"
#include "graph/build/settings.hpp"

#include <algorithm>
#include <memory>

namespace sluice::graph {

namespace {

using device::tensor_role;

std::uint64_t bytes_of(const device::model_files& files, tensor_role role,
                       std::size_t layer = 0, std::size_t expert = 0) {
  const auto found = files.find(role, layer, expert);
  return found ? found->bytes() : 0;
}

layer_bytes layer_of(const device::model_files& files, std::size_t layer) {
  using enum tensor_role;
  layer_bytes out;
  for (auto role : {attention_norm,
                    query,
                    key,
                    value,
                    query_bias,
                    key_bias,
                    value_bias,
                    query_norm,
                    key_norm,
                    attention_output,
                    ff_norm,
                    attention_output_bias,
                    gate,
                    up,
                    down,
                    gate_bias,
                    up_bias,
                    down_bias,
                    post_ff_norm,
                    expert_router,
                    post_attention_norm})
    out.dense += bytes_of(files, role, layer);
  for (std::size_t i = 0; i < files.config().experts; ++i)
    for (auto role : {expert_gate, expert_up, expert_down})
      out.experts += bytes_of(files, role, layer, i);
  return out;
}

std::uint64_t divided(std::uint64_t bytes, std::uint64_t by) {
  return (bytes + by - 1) / by;
}

/// Adds what the actor's settings say of keys and values.
void add_kv(model_shape& shape, const graph_actor& actor,
            const graph_model& model, const device::model_files& files) {
  auto settings =
      model_settings_of(actor.settings.getKind().getModel(), model, nullptr);
  // How the layers are cut is for the placement; here they are whole.
  settings.pipeline = 1;
  const auto format = settings.kv.format.value_or(device::kv_format_of(files));
  const auto& config = files.config();
  shape.kv_blocks = actors::limits_for(settings, config, format).kv_blocks;
  shape.kv_block = device::kv_block_bytes(config, format) / config.layers;
}

/// Opens each file once.
class opened_models {
public:
  explicit opened_models(const validated_graph& graph) : graph_(graph) {}

  const device::model_files& get(const std::string& name) {
    auto& entry = files_[name];
    if (!entry)
      entry = std::make_unique<device::model_files>(
          device::model_files::open(graph_.find_model(name)->path));
    return *entry;
  }

private:
  const validated_graph& graph_;
  std::map<std::string, std::unique_ptr<device::model_files>> files_;
};

model_shape actor_shape(const graph_actor& actor, const validated_graph& graph,
                        opened_models& models) {
  const auto settings = actor.settings.getKind().getModel();
  const std::string name = settings.getModel().cStr();
  auto out = shape_of(models.get(name));
  add_kv(out, actor, *graph.find_model(name), models.get(name));
  if (settings.hasDraft() && settings.getDraft().hasModel()) {
    const auto& small = models.get(settings.getDraft().getModel().cStr());
    const auto format = device::kv_format_of(small);
    out.draft =
        small.weight_bytes()
        + out.kv_blocks * device::kv_block_bytes(small.config(), format);
  }
  return out;
}

} // namespace

std::uint64_t model_shape::shard_memory(device::layer_range range,
                                        std::uint32_t tensor,
                                        std::uint32_t expert) const {
  std::uint64_t weights = 0;
  for (auto layer = range.first; layer < range.last; ++layer)
    weights += layers[layer].dense + divided(layers[layer].experts, expert);
  const bool first = range.first == 0;
  const bool last = range.last == layers.size();
  if (last && !(tied && first))
    weights += tied ? embedding : output;
  // A look-up needs any row at any time, so every rank has them all.
  const auto rows = first ? embedding : 0;
  const auto own_heads = divided(std::max(kv_heads, 1u), tensor);
  const auto kv = kv_blocks * kv_block * (range.last - range.first);
  return rows + divided(weights, tensor)
         + divided(kv * own_heads, std::max(kv_heads, 1u));
}

double model_shape::work(device::layer_range range,
                         std::uint32_t expert) const {
  double out = 0;
  for (auto layer = range.first; layer < range.last; ++layer) {
    out += static_cast<double>(layers[layer].dense);
    if (experts != 0)
      out += static_cast<double>(layers[layer].experts) * experts_used / experts
             / expert;
  }
  if (range.last == layers.size())
    out += static_cast<double>(tied ? embedding : output);
  return out;
}

double model_shape::kv_per_token(device::layer_range range) const {
  return static_cast<double>(kv_block) * (range.last - range.first)
         / device::block_tokens;
}

model_shape shape_of(const device::model_files& files) {
  const auto& config = files.config();
  model_shape out;
  for (std::uint32_t layer = 0; layer < config.layers; ++layer)
    out.layers.push_back(layer_of(files, layer));
  out.embedding = bytes_of(files, tensor_role::token_embedding);
  out.tied = config.tied_embeddings;
  out.output = bytes_of(files, tensor_role::output);
  out.width = config.width;
  out.heads = config.heads;
  out.kv_heads = config.kv_heads;
  out.experts = config.experts;
  out.experts_used = config.experts_used;
  return out;
}

model_shapes shapes_of(const validated_graph& graph) {
  model_shapes out;
  opened_models models(graph);
  for (const auto& actor : graph.actors()) {
    if (!actor.settings.getKind().isModel())
      continue;
    try {
      out.emplace(actor.name, actor_shape(actor, graph, models));
    } catch (const device::model_error& error) {
      throw device::model_error("'" + actor.name + "': " + error.what());
    }
  }
  return out;
}

} // namespace sluice::graph
