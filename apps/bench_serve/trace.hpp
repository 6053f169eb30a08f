// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Recorded arrivals of real services: when requests came and how long they
// were, without their text. Reads the Azure LLM inference traces (CSV:
// TIMESTAMP,ContextTokens,GeneratedTokens) and Mooncake's (JSON lines:
// timestamp, input_length, output_length, hash_ids). Pure but for the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::apps {

/// Names the file and the line: "t.csv:7: ...".
class trace_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

struct trace_request {
  double at = 0; ///< seconds from the first request
  std::uint32_t prompt_tokens = 0;
  std::uint32_t output_tokens = 0;
  /// One id per block of the prompt; requests that begin with the same ids
  /// begin with the same tokens. Empty: nothing is shared.
  std::vector<std::uint64_t> blocks;
};

/// What to make of a recording.
struct trace_changes {
  double speed = 1;          ///< 2: twice as fast
  double scale = 1;          ///< of every length
  std::size_t limit = 0;     ///< first requests only; 0: all
  std::uint32_t context = 0; ///< prompt and output together; 0: any
};

struct trace {
  std::vector<trace_request> requests; ///< in their order of time
  std::uint32_t block_tokens = 0;      ///< of a full block; 0: none shared
  std::size_t shortened = 0;           ///< to fit the context
};

/// By its first line. Throws trace_error.
trace read_trace(const std::filesystem::path& path);
trace read_trace(std::istream& in, const std::string& name);

/// Scales times and lengths. A request longer than the context loses the end
/// of its prompt, so that shared beginnings stay shared. Throws
/// std::invalid_argument when a factor is not above 0.
trace changed(trace recorded, const trace_changes& changes);

/// The share of prompt tokens that a cache without bound would have: those in
/// full blocks whose whole beginning came before. 0 to 1.
double shared_prompt_share(const trace& recorded);

} // namespace sluice::apps
