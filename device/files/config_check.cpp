// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/config_check.hpp"

#include "device/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace sluice::device {

namespace {

bool positive(float value) noexcept {
  return std::isfinite(value) && value > 0.0f;
}

/// Collects what is wrong, in words.
class problems {
public:
  void unless(bool fine, std::string text) {
    if (!fine) {
      list_.push_back(std::move(text));
    }
  }

  std::string joined() const {
    std::string all;
    for (const auto& problem : list_) {
      all += (all.empty() ? "" : "; ") + problem;
    }
    return all;
  }

private:
  std::vector<std::string> list_;
};

void check_rope(const rope_config& rope, std::uint32_t head_dim,
                problems& found) {
  found.unless(positive(rope.theta) && rope.theta >= 1.0f,
               "the rope base must be at least 1");
  found.unless(rope.dimensions > 0 && rope.dimensions % 2 == 0
                   && rope.dimensions <= head_dim,
               "the rotated dimensions (" + std::to_string(rope.dimensions)
                   + ") must be even and at most the head dimension ("
                   + std::to_string(head_dim) + ")");
  const auto& factors = rope.frequency_factors;
  found.unless(factors.empty() || factors.size() == rope.dimensions / 2,
               "rope scaling has " + std::to_string(factors.size())
                   + " factors for " + std::to_string(rope.dimensions / 2)
                   + " frequencies");
  found.unless(std::all_of(factors.begin(), factors.end(), positive),
               "rope scaling factors must be above 0 and finite");
  found.unless(positive(rope.attention_factor),
               "the rope attention factor must be above 0 and finite");
}

} // namespace

std::string_view name(family value) noexcept {
  // In the order of the enum.
  constexpr std::array<std::string_view, 8> names{
      "llama", "mistral",   "mixtral", "qwen2",
      "qwen3", "qwen3_moe", "gemma3",  "phi3"};
  return names[static_cast<std::size_t>(value)];
}

std::uint32_t checked_count(std::uint64_t value, std::uint64_t most,
                            const std::string& where, std::string_view key) {
  if (value == 0 || value > most) {
    throw model_error(where + ": " + std::string(key) + " is "
                      + std::to_string(value) + "; 1 to " + std::to_string(most)
                      + " are supported");
  }
  return static_cast<std::uint32_t>(value);
}

void check(const model_config& config, const std::string& where) {
  problems found;
  found.unless(config.heads % config.kv_heads == 0,
               "the key-value heads (" + std::to_string(config.kv_heads)
                   + ") do not divide the heads ("
                   + std::to_string(config.heads) + ")");
  found.unless(config.head_dim % 2 == 0, "the head dimension ("
                                             + std::to_string(config.head_dim)
                                             + ") must be even");
  found.unless(positive(config.norm_epsilon) && config.norm_epsilon < 1.0f,
               "the norm epsilon must lie between 0 and 1");
  found.unless(positive(config.attention_scale),
               "the attention scale must be above 0 and finite");
  found.unless(std::isfinite(config.final_softcap)
                   && config.final_softcap >= 0.0f,
               "the logit soft cap must be 0 or more and finite");
  found.unless(config.experts_used <= config.experts,
               "more experts are used (" + std::to_string(config.experts_used)
                   + ") than there are (" + std::to_string(config.experts)
                   + ")");
  check_rope(config.rope, config.head_dim, found);
  check_rope(config.local_rope, config.head_dim, found);
  if (const auto all = found.joined(); !all.empty()) {
    throw model_error(where + ": " + all);
  }
}

void tidy_special_tokens(model_config& config) {
  const auto vocabulary = static_cast<std::int64_t>(config.vocabulary);
  if (config.bos >= vocabulary) {
    config.bos = -1;
  }
  auto& ends = config.end_tokens;
  std::erase_if(ends, [&](auto id) { return id < 0 || id >= vocabulary; });
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

} // namespace sluice::device
