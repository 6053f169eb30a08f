// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How the next token is chosen from logits. Pure: the same logits, parameters,
// history and counter give the same token, whatever else runs beside it.
//
// The steps, in order: logit bias; log-probabilities are taken; tokens outside
// allowed_token_ids and end tokens (ignore_eos, min_tokens) are banned, the
// latter only while another token is left; tokens that the grammar does not
// allow are banned, and end tokens where it may not end; repetition, then
// frequency and presence penalties; greedy ends here with the largest logit;
// temperature, min-p, top-k, top-p; one random number, keyed by (seed, stream,
// position), draws. Ties go to the lowest id.
#pragma once

#include "device/grammar/grammar_source.hpp"
#include "device/grammar/grammar_state.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sluice::device {

/// Sampling parameters of one request; the defaults are OpenAI's. Ranges are
/// checked at the door (the gateway), asserted here.
struct sampling_params {
  float temperature = 1.0f;        ///< 0: greedy
  std::uint32_t top_k = 0;         ///< 0: off
  float top_p = 1.0f;              ///< (0, 1]
  float min_p = 0.0f;              ///< [0, 1]
  float repetition_penalty = 1.0f; ///< > 0, over prompt and output
  float presence_penalty = 0.0f;   ///< [-2, 2], over output
  float frequency_penalty = 0.0f;  ///< [-2, 2], over output
  std::vector<std::pair<std::int32_t, float>> logit_bias; ///< id -> added
  std::uint64_t seed =
      0; ///< with `stream` and the position: the generator's key
  std::uint64_t stream = 0;       ///< index of the choice among n
  std::uint32_t top_logprobs = 0; ///< alternatives to report, 0..20
  bool logprobs = false;          ///< report the chosen token's log-probability
  /// End tokens are never chosen (set to -inf): `ignore_eos`.
  bool ignore_eos = false;
  /// The client chose the seed: the same tokens are wanted again.
  bool seeded = false;
  grammar_source grammar = {}; ///< what the answer must look like
  /// Until the answer has so many tokens, none that would end it is chosen.
  std::uint32_t min_tokens = 0;
  std::vector<std::int32_t> stop_token_ids;    ///< end the answer, too
  std::vector<std::int32_t> allowed_token_ids; ///< no others; empty: all
};

/// What a grammar says about going on after a token. Numbers travel.
enum class grammar_end : std::uint8_t {
  none = 0,     ///< more may come, or there is no grammar
  complete = 1, ///< nothing may follow the token
  stuck = 2,    ///< no token could be chosen: all that may come are banned
};

/// A chosen token. Log-probabilities are natural logarithms of the softmax of
/// the logits after bias and before the ban on end tokens, penalties,
/// temperature and truncation.
struct sampled_token {
  std::int32_t id = 0;
  float logprob = 0.0f;                            ///< 0 unless asked for
  std::vector<std::pair<std::int32_t, float>> top; ///< best first
  grammar_end grammar = grammar_end::none;
};

/// A token proposed for a place, and how it was proposed.
struct drafted_token {
  std::int32_t id = 0;
  std::span<const float> proposal; ///< [vocabulary], what it was drawn from
};

/// Chooses tokens for one sequence and keeps what the penalties need: counts
/// of prompt and output tokens. Copyable: the state moves with the request.
class sampler {
public:
  sampler(sampling_params params, std::vector<std::int32_t> end_tokens);

  /// Holds the answer to a grammar from now on: `params().grammar`, compiled.
  void follow(std::shared_ptr<const compiled_grammar> grammar);

  /// Tells of prompt tokens (for the repetition penalty and min_tokens).
  void add_prompt(std::span<const std::int32_t> ids);

  /// Tells of tokens that another sampler chose for this answer.
  void add_output(std::span<const std::int32_t> ids);

  /// Chooses from `logits` [vocabulary], which it may overwrite; `position` is
  /// the new token's position in the sequence and keys the random number.
  /// Throws model_error when a logit is NaN or plus infinity, when none is left
  /// to choose, and when logit_bias names an id outside the vocabulary.
  sampled_token next(std::span<float> logits, std::uint64_t position);

  /// The same by the rule of rejection: the token is the drafted one as often
  /// as can be, and all in all follows the same distribution. Not for requests
  /// that replay.
  sampled_token next(std::span<float> logits, std::uint64_t position,
                     const drafted_token& draft);

  /// Whether `id` ends the answer.
  bool ends(std::int32_t id) const;

  const sampling_params& params() const noexcept { return params_; }

private:
  void bias(std::span<float> logits) const;
  bool counts_output() const;
  bool bans_end_tokens(std::uint64_t position) const;
  void ban_end_tokens(std::span<float> logits) const;
  void keep_allowed(std::span<float> logits) const;
  void keep_grammatical(std::span<float> logits) const;
  void penalise(std::span<float> logits) const;
  sampled_token next(std::span<float> logits, std::uint64_t position,
                     const drafted_token* draft);
  bool is_end(std::int32_t id) const;
  grammar_end go_on(std::int32_t id);
  std::int32_t choose(std::span<float> logits, float best,
                      std::uint64_t position, const drafted_token* draft);

  sampling_params params_;
  std::vector<std::int32_t> end_tokens_;
  std::map<std::int32_t, std::uint32_t> output_counts_;
  std::map<std::int32_t, std::uint32_t> prompt_counts_;
  std::uint64_t prompt_tokens_ = 0;
  std::optional<grammar_state> grammar_;
};

} // namespace sluice::device
