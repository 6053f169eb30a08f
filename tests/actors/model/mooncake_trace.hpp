// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The Mooncake conversation trace, scaled down: a block of 512 tokens in the
// trace becomes a KV block of 16, and lengths shrink alike. Used by the prefix
// cache's test and its benchmark.
#pragma once

#include "device/backend.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::actors {

struct traced_request {
  std::vector<std::uint32_t> blocks; ///< ids of the full blocks
  std::uint32_t prompt_tokens = 0;   ///< 16 a block, and 1..16 of its own
  std::uint32_t answer_tokens = 0;   ///< >= 1
};

inline std::vector<traced_request> read_mooncake_trace() {
  const std::string path = "tests/data/traces/mooncake-conversation-1500.jsonl";
  constexpr std::size_t traced_block = 512;
  constexpr std::size_t scale = traced_block / device::block_tokens;
  std::ifstream in{path};
  if (!in)
    throw std::runtime_error("cannot open " + path);
  std::vector<traced_request> out;
  for (std::string line; std::getline(in, line);) {
    const auto value = boost::json::parse(line);
    const auto length = value.at("input_length").to_number<std::size_t>();
    traced_request one;
    for (const auto& id : value.at("hash_ids").as_array())
      one.blocks.push_back(id.to_number<std::uint32_t>());
    one.blocks.resize(std::min(one.blocks.size(), length / traced_block));
    const auto own = length - one.blocks.size() * traced_block;
    one.prompt_tokens = static_cast<std::uint32_t>(
        one.blocks.size() * device::block_tokens
        + std::clamp<std::size_t>(own / scale, 1, device::block_tokens));
    one.answer_tokens = static_cast<std::uint32_t>(std::max<std::size_t>(
        1, value.at("output_length").to_number<std::size_t>() / scale));
    out.push_back(std::move(one));
  }
  return out;
}

/// Tokens below `vocabulary` that are shared exactly where the trace shares
/// blocks; `number` makes the request's own last tokens its own.
inline std::vector<std::int32_t> tokens_of(const traced_request& one,
                                           std::uint32_t number,
                                           std::uint32_t vocabulary) {
  std::vector<std::int32_t> tokens;
  // The digits of an id at the block's front make it unlike all others.
  const auto add = [&](std::uint32_t id, std::size_t count, bool shared) {
    for (std::size_t i = 0; i < count; ++i) {
      tokens.push_back(static_cast<std::int32_t>(
          i == 0 && !shared ? vocabulary - 1 : id % (vocabulary - 1)));
      id = id / (vocabulary - 1) + static_cast<std::uint32_t>(i % 3);
    }
  };
  for (const auto id : one.blocks)
    add(id, device::block_tokens, true);
  add(number, one.prompt_tokens - tokens.size(), false);
  return tokens;
}

} // namespace sluice::actors
