// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a load generator wrote down, request by request. Filled by load_run (or
// by hand in tests), read by statistics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::apps {

/// One answered request. Times in seconds from the start of the run.
struct request_sample {
  double due = 0;           ///< when it should have been sent
  double sent = 0;          ///< when it was
  double first = 0;         ///< first text
  double last = 0;          ///< last text
  double end = 0;           ///< end of the answer
  double longest_gap = 0;   ///< seconds between two pieces of text
  std::uint32_t pieces = 0; ///< of text
  std::uint32_t prompt_wanted = 0;
  std::uint32_t prompt_tokens = 0; ///< as the server counted; 0: it did not
  std::uint32_t cached_tokens = 0;
  std::uint32_t output_wanted = 0;
  std::uint32_t output_tokens = 0; ///< pieces, where the server did not count
};

/// Failures of one kind.
struct failure_count {
  std::size_t count = 0;
  std::string example; ///< the first one's words
};

struct run_record {
  std::vector<request_sample> answered;
  std::vector<float> gaps; ///< seconds between pieces of text, of all answers
  std::map<std::string, failure_count> failures; ///< by kind: "HTTP 429"
  std::size_t sent = 0;
  std::size_t unfinished = 0; ///< in flight when the run was interrupted
  double elapsed = 0;         ///< seconds from the first to the last moment
  double generator_cpu = 0;   ///< seconds of processor time of the client
  std::size_t connections = 0;
  std::size_t repeated = 0; ///< sent again on a fresh connection
  /// Pieces of text that came in each tenth of a second.
  std::vector<std::uint32_t> pieces_per_tick;
  bool interrupted = false;
  std::string gave_up; ///< why the run ended before its end

  void add_failure(const std::string& kind, const std::string& example) {
    auto& at = failures[kind];
    if (at.count++ == 0)
      at.example = example;
  }
};

/// Of run_record::pieces_per_tick, in seconds.
inline constexpr double tick_seconds = 0.1;

} // namespace sluice::apps
