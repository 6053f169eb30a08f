// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/rope_from_json.hpp"

#include "device/files/config_check.hpp"
#include "device/files/rope_scaling.hpp"
#include "device/files/shown.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

/// The fields that hold theta and scaling for one attention kind, and those of
/// the file, which hold what the former lack.
struct rope_fields {
  const json_fields& file;
  json_fields own;

  std::optional<double> find_number(std::string_view key) const {
    const auto value = own.find_number(key);
    return value ? value : file.find_number(key);
  }
};

double required(const json_fields& fields, std::string_view key) {
  const auto value = fields.find_number(key);
  if (!value) {
    fields.fail(key, "is missing");
  }
  return *value;
}

void apply_longrope(const rope_fields& fields, const model_config& config,
                    rope_config& rope) {
  const auto original = fields.find_number("original_max_position_embeddings");
  if (!original || *original < 2.0) {
    fields.own.fail("original_max_position_embeddings",
                    "must be at least 2 for longrope");
  }
  const auto context = static_cast<double>(config.context);
  const auto* key = context <= *original ? "short_factor" : "long_factor";
  const auto divisors = fields.own.find_numbers(key);
  if (divisors.size() != rope.dimensions / 2) {
    fields.own.fail(key, "must be a list of "
                             + std::to_string(rope.dimensions / 2)
                             + " numbers, one per frequency");
  }
  rope.frequency_factors = inverse(divisors);
  rope.attention_factor = static_cast<float>(
      fields.own.find_number("attention_factor")
          .value_or(longrope_attention_factor(context / *original, *original)));
}

void apply_llama3(const json_fields& own, rope_config& rope) {
  const llama3_scaling scaling{
      required(own, "factor"), required(own, "low_freq_factor"),
      required(own, "high_freq_factor"),
      required(own, "original_max_position_embeddings")};
  if (scaling.high_frequency_factor <= scaling.low_frequency_factor) {
    own.fail("high_freq_factor", "must be above low_freq_factor");
  }
  rope.frequency_factors = llama3_factors(rope.theta, rope.dimensions, scaling);
}

void apply_scaling(const rope_fields& fields, const model_config& config,
                   rope_config& rope) {
  const auto& own = fields.own;
  const auto type = own.find_string("rope_type")
                        .value_or(own.find_string("type").value_or("default"));
  if (type == "linear") {
    rope.frequency_factors =
        linear_factors(rope.dimensions, required(own, "factor"));
  } else if (type == "llama3") {
    apply_llama3(own, rope);
  } else if (type == "longrope" || type == "su") {
    apply_longrope(fields, config, rope);
  } else if (type != "default") {
    own.fail("rope_type", shown(type)
                              + " is not supported; default, linear, llama3 "
                                "and longrope are");
  }
}

/// Theta, and the object that holds the scaling if there is one.
struct rope_source {
  double theta;
  std::optional<json_fields> scaling;
};

rope_source old_style(const json_fields& fields, bool local, double fallback) {
  if (local) {
    return {fields.find_number("rope_local_base_freq").value_or(10000.0), {}};
  }
  return {fields.find_number("rope_theta").value_or(fallback),
          fields.find_object("rope_scaling")};
}

rope_source find_source(const json_fields& fields, attention_kind kind,
                        bool gemma) {
  const bool local = kind == attention_kind::window;
  const auto fallback = gemma ? 1e6 : 10000.0;
  auto parameters = fields.find_object("rope_parameters");
  if (!parameters) {
    return old_style(fields, local, fallback);
  }
  const auto* nested_key = local ? "sliding_attention" : "full_attention";
  if (auto nested = parameters->find_object(nested_key)) {
    parameters = std::move(nested);
  } else if (local) { // flat parameters are those of full attention
    return old_style(fields, local, fallback);
  }
  const auto theta = parameters->find_number("rope_theta");
  return {theta.value_or(local ? 10000.0 : fallback), std::move(parameters)};
}

} // namespace

rope_config rope_from_json(const json_fields& fields,
                           const model_config& config, attention_kind kind) {
  const auto source = find_source(fields, kind, config.arch == family::gemma3);
  rope_config rope;
  rope.theta = static_cast<float>(source.theta);
  const rope_fields all{fields, source.scaling.value_or(fields)};
  const auto share = all.find_number("partial_rotary_factor").value_or(1.0);
  if (!(share > 0.0 && share <= 1.0)) {
    all.own.fail("partial_rotary_factor", "must be above 0 and at most 1");
  }
  rope.dimensions = static_cast<std::uint32_t>(config.head_dim * share);
  if (source.scaling) {
    apply_scaling(all, config, rope);
  }
  return rope;
}

} // namespace sluice::device
