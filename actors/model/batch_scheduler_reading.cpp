// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What is read off prompts: which rows a step gives, and what came of them.
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/sequence.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

// Rows among those of the next `count` tokens that are read, once each: a
// sequence that was preempted goes on where it was.
device::row_range batch_scheduler::rows_to_read(sequence& who,
                                                std::uint32_t count) {
  device::row_range out;
  const auto first = std::max(who.planned, who.read);
  const auto end = std::min(who.planned + count, who.read_end());
  if (first >= end)
    return out;
  out.kind = who.reading.kind == device::reading_kind::scores
                 ? device::row_kind::logits
                 : device::row_kind::states;
  out.first = first - who.planned;
  out.count = end - first;
  who.read = end;
  return out;
}

// What is wrong with the shape of what was read off prompts, or "".
std::string batch_scheduler::check_readings(const step_result& result,
                                            const flight& record) {
  std::size_t given = 0;
  for (std::size_t i = 0; i < record.sequences.size(); ++i) {
    const auto& wanted = record.reads[i];
    if (wanted.count == 0)
      continue;
    if (given == result.readings.size()
        || result.readings[given].sequence != record.sequences[i])
      return "the last stage did not read a prompt that it should have";
    const auto scores = result.readings[given++].part.scores.size();
    if (wanted.kind == device::row_kind::logits && scores != wanted.count)
      return "the last stage scored " + std::to_string(scores)
             + " tokens where " + std::to_string(wanted.count) + " were wanted";
  }
  return given == result.readings.size()
             ? ""
             : "the last stage read prompts that it should not have";
}

// The first token has no score, but its place among them.
void batch_scheduler::book_reading(sequence& who, device::prompt_part part,
                                   std::vector<generated>& out) {
  if (who.reading.kind == device::reading_kind::scores
      && !std::exchange(who.told, true))
    part.scores.insert(part.scores.begin(), {who.tokens.front(), 0, 0, {}});
  if (part.empty())
    return;
  generated one;
  one.id = who.id;
  one.cached_tokens = who.cached;
  one.prompt = std::move(part);
  out.push_back(std::move(one));
}

} // namespace sluice::actors
