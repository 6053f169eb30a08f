// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/cache/answer_key.hpp"

#include <caf/binary_serializer.hpp>

#include <openssl/sha.h>

namespace sluice::actors {

std::optional<answer_key> key_of(const request& wish) {
  const bool greedy = wish.sampling.temperature == 0.0f;
  if (!greedy && !wish.sampling.seeded)
    return std::nullopt;
  // These are asked for what they leave in the model.
  if (wish.prefill_only || !wish.session.empty())
    return std::nullopt;
  // The scores of a long prompt are more than its answer is worth.
  if (wish.reading.kind != device::reading_kind::none)
    return std::nullopt;
  auto same = wish;
  same.id = 0;
  same.deadline = {};
  same.priority = 0;
  same.group = 0;
  if (greedy) {
    const device::sampling_params plain;
    same.sampling.seed = plain.seed;
    same.sampling.seeded = plain.seeded;
    same.sampling.stream = plain.stream;
    same.sampling.top_k = plain.top_k;
    same.sampling.top_p = plain.top_p;
    same.sampling.min_p = plain.min_p;
  }
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  if (sink(same))
    return std::nullopt; // what cannot be written cannot be compared
  answer_key key;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         key.data());
  return key;
}

} // namespace sluice::actors
