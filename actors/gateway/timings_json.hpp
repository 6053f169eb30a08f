// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The `timings` object of llama.cpp's server. Pure.
#pragma once

#include "actors/terms.hpp"

#include <string>

namespace sluice::actors {

/// What one HTTP request took. Tokens of all its choices together, times of
/// the slowest: choices run side by side.
struct request_timings {
  std::uint32_t cached_tokens = 0; ///< of the prompts, not computed
  std::uint32_t prompt_tokens = 0; ///< of the prompts, computed
  std::uint32_t completion_tokens = 0;
  answer_times times;
};

/// {"cache_n":...,"prompt_n":...,"prompt_ms":...,"prompt_per_token_ms":...,
/// "prompt_per_second":...,"predicted_n":...,...}
void append_timings(std::string& out, const request_timings& from);

} // namespace sluice::actors
