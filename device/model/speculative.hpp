// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Drafted tokens: how they are proposed and how they are verified against the
// model's own logits, so that drafts change the speed and never the answer. For
// a model's last stage and whoever drafts for it; knows no scheduler.
//
// Two rules, both exact:
// - Replay: the token is sampled as if there were no draft, with the same
//   random number, and the draft holds if it is that token. The answer is the
//   same token by token. Taken for greedy requests, for those with a seed of
//   the client's, and for drafts that are plain guesses (prompt lookup), where
//   no rule accepts more.
// - Rejection: a draft d that was drawn from q is accepted with probability
//   min(1, p(d) / q(d)); otherwise the token is drawn from max(p - q, 0).
//   Tokens follow p exactly. Taken for sampled requests without a seed, whose
//   tokens nobody can ask for again.
// Random numbers are keyed by position and purpose, so neither rule depends on
// what else is in the batch.
// Source: Leviathan, Kalman and Matias, "Fast inference from transformers via
// speculative decoding", ICML 2023.
#pragma once

#include "device/model/sampling.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

/// What a random number at a position is for: no two uses share one.
enum class draw_purpose : std::uint8_t {
  token = 0,      ///< the token itself
  proposal = 1,   ///< a draft
  acceptance = 2, ///< whether a draft holds
  residual = 3,   ///< the token in place of a draft that does not
};

/// In [0, 1), for one position of the request's answer.
double random_number(const sampling_params& params, std::uint64_t position,
                     draw_purpose purpose);

/// Whether a request takes the rule of replay whatever its drafts are.
inline bool replays(const sampling_params& params) {
  return params.temperature == 0.0f || params.seeded;
}

/// Tokens proposed to follow a sequence.
struct draft {
  std::vector<std::int32_t> tokens; ///< [k]
  /// [k, vocabulary]: what each token was drawn from. Empty: plain guesses.
  std::vector<float> proposals;
};

/// Proposes the token at `position` from a draft model's `logits` [vocabulary].
/// A request that replays gets the token that these logits would give it, with
/// the very random number that its own model will use; for others the logits
/// become the probabilities that the token was drawn from. Penalties are left
/// out: proposals may be anything. Throws model_error for NaN.
std::int32_t propose(const sampling_params& params, std::span<float> logits,
                     std::uint64_t position);

/// Samples the tokens that follow: those of `drafted` that hold, and one more.
/// `logits` [k + 1, vocabulary] belong to the sequence's last token and to each
/// drafted one, and are overwritten; `position` is that of the first new token.
/// A token that ends the answer is the last. Throws as sampler::next.
std::vector<sampled_token> verify(sampler& target, std::span<float> logits,
                                  std::uint64_t position, const draft& drafted);

/// The rule of rejection for one token; `best` is the largest of `logits`,
/// which are overwritten.
std::int32_t accept_or_redraw(std::span<float> logits, float best,
                              const sampling_params& params,
                              std::uint64_t position,
                              const drafted_token& draft);

} // namespace sluice::device
