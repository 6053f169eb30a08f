// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Every message between actors, grouped by who receives it, and the typed
// interfaces made of them. Read this header to know what the runtime says.
//
// The life of a request:
//   1. gateway -> preprocess: request      (one per choice of an HTTP request)
//   2. preprocess -> router -> model: prompt
//   3. model answers `accepted` (or an errc) all the way back to the gateway:
//      each hop delegates, so the reply comes from whoever admitted it
//   4. model: scheduler -> stage -> ... -> stage -> scheduler (actors/model)
//   5. model -> postprocess: generation, then step_output each step
//   6. postprocess -> gateway: text_delta; the one with `finish` set is the
//   last
// Cancel and hold travel forward along the same edges; a stop string found by
// postprocess sends cancel to whoever sent it the step_output.
#pragma once

#include "actors/error.hpp"
#include "actors/model/batch_plan.hpp"
#include "actors/runtime/tool_convention.hpp"
#include "actors/terms.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::actors {

/// What a client asked of the answer; travels with the request everywhere.
struct output_spec {
  std::uint32_t max_tokens = 0;  ///< 0: to the end of the context
  std::vector<std::string> stop; ///< strings that end the answer
  bool logprobs = false;
  bool specials = false;        ///< show special tokens' text
  std::uint32_t min_tokens = 0; ///< before that no stop string counts
  /// How calls of `tools` are written; preprocess says it.
  tool_convention calls = tool_convention::none;
  std::vector<std::string> tools; ///< names that may be called
};

/// To preprocess: a client's wish. Exactly one of messages, text and tokens.
struct request {
  request_id id = 0;
  instant deadline;
  std::string tenant;
  std::vector<std::string> labels;
  std::string messages;         ///< JSON array of chat messages, or ""
  std::string tools;            ///< JSON array, or ""
  std::string template_options; ///< JSON object (chat_template_kwargs), or ""
  std::string text;             ///< raw prompt of /v1/completions
  std::vector<std::int32_t> tokens; ///< prompt given as ids
  device::sampling_params sampling;
  output_spec output;
  std::string session;       ///< keeps what it leaves in the cache, or ""
  std::string cache_salt;    ///< other salts share no cached prefix
  std::int32_t priority = 0; ///< lower goes first
  /// Only fills the cache: ends with finish `length` and no token.
  bool prefill_only = false;
  request_id group = 0; ///< choices of one prompt share it; 0: none
  /// The tool that must be called, "*" for any of them, "" for none.
  std::string must_call;
  bool parallel_calls = true;          ///< several calls in one answer
  device::prompt_reading reading = {}; ///< wanted of the prompt itself
};

/// To router and model: tokenized.
struct prompt {
  request_id id = 0;
  instant deadline;
  std::string tenant;
  std::vector<std::string> labels;
  std::vector<std::int32_t> tokens;
  device::sampling_params sampling;
  output_spec output;
  std::string session;       ///< keeps what it leaves in the cache, or ""
  std::string cache_salt;    ///< other salts share no cached prefix
  std::int32_t priority = 0; ///< lower goes first
  /// Only fills the cache: ends with finish `length` and no token.
  bool prefill_only = false;
  request_id group = 0; ///< choices of one prompt share it; 0: none
  device::prompt_reading reading = {}; ///< wanted of the prompt itself
};

/// Reply to request and prompt: the model will answer.
struct accepted {
  request_id id = 0;
  std::uint32_t prompt_tokens = 0;
};

/// To preprocess, router and model: give up, free everything.
struct cancel {
  request_id id = 0;
};

/// To preprocess, router and model: the client does not keep up, compute no
/// more of this answer until told to go on.
struct hold {
  request_id id = 0;
  bool on = true; ///< false: go on
};

/// To preprocess, router and model: what prompts of this session left in the
/// cache need not stay any longer.
struct forget_session {
  std::string session;
};

/// To a producer: the consumer will take `count` more requests.
struct credit {
  std::uint32_t count = 0;
};

/// To postprocess: an answer begins.
struct generation {
  request_id id = 0;
  std::uint32_t prompt_tokens = 0;
  output_spec output;
};

/// To postprocess: what one step of the model produced.
struct step_output {
  std::vector<generated> answers;
};

/// Log-probability of one token as shown to clients.
struct token_logprob {
  std::string text; ///< the token's bytes; may be a part of a character
  float logprob = 0.0f;
  std::vector<std::pair<std::string, float>> top;
  std::int32_t id = 0;
  std::vector<std::int32_t> top_ids; ///< of `top`
};

/// A token of a prompt as shown to clients.
struct prompt_token {
  std::int32_t id = 0;
  std::string text; ///< its bytes; may be a part of a character
  float logprob = 0.0f;
  std::uint32_t rank = 0; ///< from 1; 0: the first token, without a logprob
  std::vector<std::pair<std::int32_t, token_logprob>> top; ///< best first
};

/// To gateway: text that became complete.
struct text_delta {
  request_id id = 0;
  std::string text; ///< whole UTF-8 characters
  std::vector<token_logprob> logprobs;
  finish_reason finish = finish_reason::none;
  std::uint32_t prompt_tokens = 0;     ///< with finish
  std::uint32_t completion_tokens = 0; ///< tokens so far
  errc code = errc::none;              ///< with finish_reason::error
  std::string error;                   ///< with finish_reason::error
  std::uint32_t cached_tokens = 0;     ///< of the prompt
  std::vector<tool_call_delta> calls;  ///< what became known of them
  answer_times times;                  ///< with finish
  /// All tokens of the prompt, once, where its scores were asked for.
  std::vector<prompt_token> prompt;
  std::vector<float> embedding;     ///< of the prompt, [width], once
  std::vector<std::int32_t> tokens; ///< chosen since the last delta
  std::string stop; ///< with finish_reason::stop: the stop string, if any
};

// -- inside a model: scheduler and stages
// ---------------------------------------

/// To a stage: a plan and what the stage before made of it. A value that only
/// one actor holds at a time, so that a hop inside a process moves it, and a
/// link can write it to another.
struct stage_pass {
  batch_plan plan;
  std::vector<float>
      hidden;        ///< [new tokens of the plan, width]; first stage: []
  std::string error; ///< a stage before failed on this plan, or ""
  /// [drafts, vocabulary]: what a draft stage drew its tokens from, see
  /// draft_work; mostly [].
  std::vector<float> proposals;
  std::vector<chain_key> lost = {}; ///< loads that a stage before did not have
};

/// To a stage, from itself: load the next layer.
struct load_more {};

/// To the scheduler: how far a stage has loaded its weights; all are in when
/// `done` is `total`.
struct load_progress {
  std::uint32_t stage = 0;
  std::uint64_t done = 0;  ///< bytes
  std::uint64_t total = 0; ///< bytes
};

/// To the scheduler: a stage can run plans, although some of its weights may
/// still be on their way, or never will (any more).
struct stage_loaded {
  std::uint32_t stage = 0;
  std::string error; ///< why it failed, or ""
  /// Blocks on its disk, least recently used first.
  std::vector<chain_key> stored = {};
};

/// To the scheduler, from itself: a deadline may have passed.
struct deadline_check {};

/// To the scheduler: how is it going?
struct get_model_status {};

/// Reply to get_model_status.
struct model_status {
  bool ready = false;
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  std::uint32_t free_blocks = 0;
  std::uint32_t blocks = 0;
  std::string books; ///< what is wrong with the block books, or ""
};

// -- building and ending a graph
// -------------------------------------------------

/// To the terminator: stop these actors, in this order.
struct shutdown {
  std::vector<caf::actor> actors;
};

/// To the terminator, from itself: the actor of this turn had its time.
struct patience_over {
  std::uint64_t turn = 0;
};

/// Reply to shutdown: all are gone.
struct shutdown_done {
  std::uint32_t killed = 0; ///< how many did not go in time
};

// -- inspection ---------------------------------------------------------------

template <class Inspector>
auto inspect(Inspector& f, output_spec& x) {
  return f(caf::meta::type_name("output_spec"), x.max_tokens, x.stop,
           x.logprobs, x.specials, x.min_tokens, x.calls, x.tools);
}

template <class Inspector>
auto inspect(Inspector& f, request& x) {
  return f(caf::meta::type_name("request"), x.id, x.deadline, x.tenant,
           x.labels, x.messages, x.tools, x.template_options, x.text, x.tokens,
           x.sampling, x.output, x.session, x.cache_salt, x.priority,
           x.prefill_only, x.group, x.must_call, x.parallel_calls, x.reading);
}

template <class Inspector>
auto inspect(Inspector& f, prompt& x) {
  return f(caf::meta::type_name("prompt"), x.id, x.deadline, x.tenant, x.labels,
           x.tokens, x.sampling, x.output, x.session, x.cache_salt, x.priority,
           x.prefill_only, x.group, x.reading);
}

template <class Inspector>
auto inspect(Inspector& f, accepted& x) {
  return f(caf::meta::type_name("accepted"), x.id, x.prompt_tokens);
}

template <class Inspector>
auto inspect(Inspector& f, cancel& x) {
  return f(caf::meta::type_name("cancel"), x.id);
}

template <class Inspector>
auto inspect(Inspector& f, hold& x) {
  return f(caf::meta::type_name("hold"), x.id, x.on);
}

template <class Inspector>
auto inspect(Inspector& f, forget_session& x) {
  return f(caf::meta::type_name("forget_session"), x.session);
}

template <class Inspector>
auto inspect(Inspector& f, credit& x) {
  return f(caf::meta::type_name("credit"), x.count);
}

template <class Inspector>
auto inspect(Inspector& f, generation& x) {
  return f(caf::meta::type_name("generation"), x.id, x.prompt_tokens, x.output);
}

template <class Inspector>
auto inspect(Inspector& f, answer_times& x) {
  return f(caf::meta::type_name("answer_times"), x.queued, x.prefill, x.decode);
}

template <class Inspector>
auto inspect(Inspector& f, tool_call_delta& x) {
  return f(caf::meta::type_name("tool_call_delta"), x.index, x.id, x.name,
           x.arguments);
}

template <class Inspector>
auto inspect(Inspector& f, generated& x) {
  return f(caf::meta::type_name("generated"), x.id, x.has_token, x.token,
           x.finish, x.code, x.error, x.cached_tokens, x.times, x.prompt);
}

template <class Inspector>
auto inspect(Inspector& f, step_output& x) {
  return f(caf::meta::type_name("step_output"), x.answers);
}

template <class Inspector>
auto inspect(Inspector& f, token_logprob& x) {
  return f(caf::meta::type_name("token_logprob"), x.text, x.logprob, x.top,
           x.id, x.top_ids);
}

template <class Inspector>
auto inspect(Inspector& f, prompt_token& x) {
  return f(caf::meta::type_name("prompt_token"), x.id, x.text, x.logprob,
           x.rank, x.top);
}

template <class Inspector>
auto inspect(Inspector& f, text_delta& x) {
  return f(caf::meta::type_name("text_delta"), x.id, x.text, x.logprobs,
           x.finish, x.prompt_tokens, x.completion_tokens, x.code, x.error,
           x.cached_tokens, x.calls, x.times, x.prompt, x.embedding, x.tokens,
           x.stop);
}

template <class Inspector>
auto inspect(Inspector& f, sampler_start& x) {
  return f(caf::meta::type_name("sampler_start"), x.sequence, x.params,
           x.prompt, x.reading);
}

template <class Inspector>
auto inspect(Inspector& f, chain_key& x) {
  return f(caf::meta::type_name("chain_key"), x.bytes);
}

template <class Inspector>
auto inspect(Inspector& f, block_transfer& x) {
  return f(caf::meta::type_name("block_transfer"), x.block, x.key);
}

template <class Inspector>
auto inspect(Inspector& f, block_copy& x) {
  return f(caf::meta::type_name("block_copy"), x.from, x.to);
}

template <class Inspector>
auto inspect(Inspector& f, batch_plan& x) {
  return f(caf::meta::type_name("batch_plan"), x.number, x.sequences, x.steps,
           x.opened, x.closed, x.copies, x.saves, x.loads, x.stores, x.drafts);
}

template <class Inspector>
auto inspect(Inspector& f, sequence_reading& x) {
  return f(caf::meta::type_name("sequence_reading"), x.sequence, x.part);
}

template <class Inspector>
auto inspect(Inspector& f, step_result& x) {
  return f(caf::meta::type_name("step_result"), x.plan, x.tokens, x.error,
           x.counts, x.lost, x.readings);
}

template <class Inspector>
auto inspect(Inspector& f, stage_pass& x) {
  return f(caf::meta::type_name("stage_pass"), x.plan, x.hidden, x.error,
           x.proposals, x.lost);
}

template <class Inspector>
auto inspect(Inspector& f, load_more&) {
  return f(caf::meta::type_name("load_more"));
}

template <class Inspector>
auto inspect(Inspector& f, load_progress& x) {
  return f(caf::meta::type_name("load_progress"), x.stage, x.done, x.total);
}

template <class Inspector>
auto inspect(Inspector& f, stage_loaded& x) {
  return f(caf::meta::type_name("stage_loaded"), x.stage, x.error, x.stored);
}

template <class Inspector>
auto inspect(Inspector& f, deadline_check&) {
  return f(caf::meta::type_name("deadline_check"));
}

template <class Inspector>
auto inspect(Inspector& f, get_model_status&) {
  return f(caf::meta::type_name("get_model_status"));
}

template <class Inspector>
auto inspect(Inspector& f, model_status& x) {
  return f(caf::meta::type_name("model_status"), x.ready, x.running, x.waiting,
           x.free_blocks, x.blocks, x.books);
}

template <class Inspector>
auto inspect(Inspector& f, shutdown& x) {
  return f(caf::meta::type_name("shutdown"), x.actors);
}

template <class Inspector>
auto inspect(Inspector& f, patience_over& x) {
  return f(caf::meta::type_name("patience_over"), x.turn);
}

template <class Inspector>
auto inspect(Inspector& f, shutdown_done& x) {
  return f(caf::meta::type_name("shutdown_done"), x.killed);
}

// -- interfaces ---------------------------------------------------------------

/// Takes requests: preprocess, and links that stand for one.
using request_sink = caf::typed_actor<
    // Labels, renders and tokenizes the request and passes it on.
    caf::replies_to<request>::with<accepted>,
    // Gives the request up.
    caf::reacts_to<cancel>,
    // Lets the answer rest, or go on.
    caf::reacts_to<hold>,
    // Lets a session's cached blocks go.
    caf::reacts_to<forget_session>>;

/// Takes prompts: routers, models, and links that stand for one.
using prompt_sink = caf::typed_actor<
    // Routes or admits the prompt.
    caf::replies_to<prompt>::with<accepted>,
    // Gives the prompt up and frees its blocks.
    caf::reacts_to<cancel>,
    // Lets the answer rest, or go on.
    caf::reacts_to<hold>,
    // Lets a session's cached blocks go.
    caf::reacts_to<forget_session>>;

/// Takes what a model generates: postprocess.
using token_sink = caf::typed_actor<
    // An answer begins.
    caf::reacts_to<generation>,
    // One step's tokens.
    caf::reacts_to<step_output>>;

/// Takes finished text: the gateway.
using text_sink = caf::typed_actor<
    // Text for one client.
    caf::reacts_to<text_delta>>;

/// To the gateway, last in building a graph: where requests go from now on.
struct connect {
  request_sink next;
};

template <class Inspector>
auto inspect(Inspector& f, connect& x) {
  return f(caf::meta::type_name("connect"), x.next);
}

/// Runs plans on a range of layers.
using stage_actor = caf::typed_actor<
    // Runs one plan and passes it on: to the next stage, or as a step_result to
    // the scheduler.
    caf::reacts_to<stage_pass>,
    // Loads a layer, unless a plan was faster.
    caf::reacts_to<load_more>>;

/// A model's scheduler: a prompt_sink with what its stages say to it.
using model_actor = prompt_sink::extend<
    // Tells readiness.
    caf::reacts_to<load_progress>,
    // Starts planning once all stages are loaded; fails all prompts otherwise.
    caf::reacts_to<stage_loaded>,
    // Books tokens and makes the next plan.
    caf::reacts_to<step_result>,
    // Lets as many more step_outputs leave.
    caf::reacts_to<credit>,
    // Ends what is past its deadline.
    caf::reacts_to<deadline_check>,
    // Tells queue lengths and proves the block books.
    caf::replies_to<get_model_status>::with<model_status>>;

/// Stops actors in order, each within bounded time.
using terminator_actor = caf::typed_actor<
    // Stops, awaits, answers.
    caf::replies_to<shutdown>::with<shutdown_done>,
    // Kills the awaited actor if its turn is not over.
    caf::reacts_to<patience_over>>;

} // namespace sluice::actors

namespace sluice::device {

template <class Inspector>
auto inspect(Inspector& f, sequence_step& x) {
  return f(caf::meta::type_name("sequence_step"), x.tokens, x.start, x.blocks,
           x.outputs, x.read);
}

template <class Inspector>
auto inspect(Inspector& f, row_range& x) {
  return f(caf::meta::type_name("row_range"), x.kind, x.first, x.count);
}

template <class Inspector>
auto inspect(Inspector& f, prompt_reading& x) {
  return f(caf::meta::type_name("prompt_reading"), x.kind, x.top);
}

template <class Inspector>
auto inspect(Inspector& f, scored_token& x) {
  return f(caf::meta::type_name("scored_token"), x.id, x.logprob, x.rank,
           x.top);
}

template <class Inspector>
auto inspect(Inspector& f, prompt_part& x) {
  return f(caf::meta::type_name("prompt_part"), x.scores, x.embedding);
}

template <class Inspector>
auto inspect(Inspector& f, grammar_source& x) {
  return f(caf::meta::type_name("grammar_source"), x.kind, x.text, x.name);
}

template <class Inspector>
auto inspect(Inspector& f, sampling_params& x) {
  return f(caf::meta::type_name("sampling_params"), x.temperature, x.top_k,
           x.top_p, x.min_p, x.repetition_penalty, x.presence_penalty,
           x.frequency_penalty, x.logit_bias, x.seed, x.stream, x.top_logprobs,
           x.logprobs, x.ignore_eos, x.seeded, x.grammar, x.min_tokens,
           x.stop_token_ids, x.allowed_token_ids);
}

template <class Inspector>
auto inspect(Inspector& f, sampled_token& x) {
  return f(caf::meta::type_name("sampled_token"), x.id, x.logprob, x.top,
           x.grammar);
}

} // namespace sluice::device
