// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/rope_from_gguf.hpp"

#include "device/error.hpp"
#include "device/files/config_check.hpp"
#include "device/files/rope_scaling.hpp"
#include "device/files/shown.hpp"

namespace sluice::device {

namespace {

/// Inverse of the divisors that a tensor holds; empty if there is none.
std::vector<float> tensor_factors(const gguf_file& file,
                                  std::string_view name) {
  const auto tensor = file.find_tensor(name);
  if (!tensor) {
    return {};
  }
  if (tensor->shape.size() != 1 || tensor->columns() > max_head_dim) {
    throw model_error(file.path().string() + ": tensor \"" + std::string(name)
                      + "\" is not a short list of factors");
  }
  const auto divisors = to_f32(*tensor);
  return inverse({divisors.begin(), divisors.end()});
}

/// Phi-3's factors: the short ones for the context the model began with.
void apply_longrope(const gguf_fields& fields, const model_config& config,
                    bool needed, rope_config& rope) {
  const auto original = fields.find_uint("rope.scaling.original_context_length")
                            .value_or(config.context);
  auto factors = tensor_factors(
      fields.file(), config.context <= original ? "rope_factors_short.weight"
                                                : "rope_factors_long.weight");
  if (!factors.empty()) {
    rope.frequency_factors = std::move(factors);
    rope.attention_factor = fields.number_or("rope.scaling.attn_factor", 1.0);
  } else if (needed) {
    fields.fail("rope.scaling.type",
                "is \"longrope\", which needs the tensors "
                "rope_factors_short.weight and rope_factors_long.weight");
  }
}

void apply_scaling(const gguf_fields& fields, const model_config& config,
                   rope_config& rope) {
  const auto type = fields.find_string("rope.scaling.type").value_or("");
  const auto factor = fields.find_number("rope.scaling.factor")
                          .value_or(fields.number_or("rope.scale_linear", 1.0));
  if (type == "linear" || (type.empty() && factor != 1.0)) {
    rope.frequency_factors = linear_factors(rope.dimensions, factor);
  } else if (!type.empty() && type != "none" && type != "longrope") {
    fields.fail("rope.scaling.type",
                "is " + shown(type)
                    + ", which is not supported; linear, longrope and Llama "
                      "3's factors are");
  }
  // Llama 3's scaling comes as a tensor and without a key.
  auto factors = tensor_factors(fields.file(), "rope_freqs.weight");
  if (!factors.empty()) {
    rope.frequency_factors = std::move(factors);
  }
  apply_longrope(fields, config, type == "longrope", rope);
}

} // namespace

void rope_from_gguf(const gguf_fields& fields, model_config& config) {
  rope_config plain;
  plain.theta = fields.number_or("rope.freq_base", 10000.0);
  plain.dimensions =
      fields.count_or("rope.dimension_count", max_head_dim, config.head_dim);
  // Converters reorder the query and key rows of this architecture alone.
  const bool adjacent = fields.architecture() == "llama";
  plain.pairs = adjacent ? rope_pairs::adjacent : rope_pairs::halves;
  config.rope = plain;
  apply_scaling(fields, config, config.rope);
  config.local_rope = config.rope;
  if (config.arch == family::gemma3) {
    config.local_rope = plain; // scaling is for full attention alone
    config.local_rope.theta = fields.number_or("rope.freq_base_swa", 10000.0);
  }
}

} // namespace sluice::device
