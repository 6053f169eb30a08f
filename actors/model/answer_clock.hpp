// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where the time of each answer goes: in the queue, in its prompt, in its
// tokens. Used by a model's scheduler; time is an argument.
#pragma once

#include "actors/terms.hpp"

#include <optional>
#include <unordered_map>
#include <vector>

namespace sluice::actors {

class answer_clock {
public:
  /// The model took the prompt.
  void arrived(request_id id, instant now);
  /// Its first step was planned. Unknown ids are ignored, here and below.
  void started(request_id id, instant now);
  /// Writes the times so far into each of `answers`, told at `now`. Returns
  /// those of answers that ended, once each; they are forgotten.
  std::vector<answer_times> stamp(std::vector<generated>& answers, instant now);

  std::size_t size() const noexcept { return known_.size(); }

private:
  struct entry {
    instant arrived;
    std::optional<instant> started;
    std::optional<instant> first; // token
    instant last;                 // token
  };

  std::unordered_map<request_id, entry> known_;
};

} // namespace sluice::actors
