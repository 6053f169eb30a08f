// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/answer_stream.hpp"

#include <utility>

namespace sluice::actors {

answer_stream::answer_stream(const device::tokenizer& tokens, generation begin)
    : tokens_{&tokens}, begin_{std::move(begin)}, text_{tokens,
                                                        begin_.output.specials},
      stops_{std::move(begin_.output.stop)} {
  if (!begin_.output.tools.empty())
    calls_ = make_tool_call_parser(begin_.output.calls, begin_.output.tools,
                                   begin_.id);
}

token_logprob
answer_stream::describe(const device::sampled_token& token) const {
  token_logprob value{
      tokens_->piece(token.id, true), token.logprob, {}, token.id, {}};
  value.top.reserve(token.top.size());
  value.top_ids.reserve(token.top.size());
  for (const auto& [id, logprob] : token.top) {
    value.top.emplace_back(tokens_->piece(id, true), logprob);
    value.top_ids.push_back(id);
  }
  return value;
}

prompt_token answer_stream::describe(const device::scored_token& token) const {
  prompt_token out{
      token.id, tokens_->piece(token.id, true), token.logprob, token.rank, {}};
  out.top.reserve(token.top.size());
  for (const auto& [id, logprob] : token.top)
    out.top.push_back({id, {tokens_->piece(id, true), logprob, {}}});
  return out;
}

// Scores come in parts; clients get them in one piece.
void answer_stream::take_prompt(device::prompt_part part, text_delta& delta) {
  delta.embedding = std::move(part.embedding);
  for (const auto& token : part.scores)
    prompt_.push_back(describe(token));
  if (!part.scores.empty() && prompt_.size() == begin_.prompt_tokens)
    delta.prompt = std::exchange(prompt_, {});
}

// The text that the token completed, as far as it may be shown.
std::string answer_stream::take_token(const generated& one) {
  ++count_;
  untold_.push_back(one.token.id);
  // An end token has no text of its own, unless special ones are wanted. What
  // completes a grammar is no end token.
  if (one.finish == finish_reason::stop && !begin_.output.specials
      && one.token.grammar != device::grammar_end::complete)
    return {};
  auto piece = text_.push(one.token.id);
  // What announces calls may be a token that is not shown otherwise.
  if (calls_ && !begin_.output.specials && tokens_->is_special(one.token.id)
      && tokens_->token_text(one.token.id) == calls_->marker())
    piece += calls_->marker();
  complete_ += piece.size();
  if (begin_.output.logprobs)
    logprobs_.push_back({complete_, describe(one.token)});
  return count_ <= begin_.output.min_tokens ? piece : stops_.push(piece);
}

void answer_stream::find_calls(text_delta& delta) {
  call_output found;
  calls_->push(delta.text, found);
  if (delta.finish != finish_reason::none)
    calls_->finish(found);
  delta.text = std::move(found.text);
  delta.calls = std::move(found.calls);
  if (delta.finish == finish_reason::stop && calls_->calls() > 0)
    delta.finish = finish_reason::tool_calls;
}

std::optional<text_delta> answer_stream::push(generated one) {
  text_delta delta;
  delta.id = one.id;
  take_prompt(std::move(one.prompt), delta);
  if (one.has_token)
    delta.text = take_token(one);
  delta.finish = one.finish;
  if (one.finish != finish_reason::none && !stops_.stopped()) {
    const auto rest = text_.finish();
    complete_ += rest.size();
    delta.text += stops_.push(rest);
  }
  if (stops_.stopped() && one.finish != finish_reason::error
      && one.finish != finish_reason::cancelled) {
    stopped_early_ = one.finish == finish_reason::none;
    delta.finish = finish_reason::stop;
    delta.stop = stops_.found();
  } else if (one.finish != finish_reason::none) {
    delta.text += stops_.finish();
  }
  shown_ += delta.text.size();
  while (!logprobs_.empty() && logprobs_.front().end <= shown_) {
    delta.logprobs.push_back(std::move(logprobs_.front().value));
    logprobs_.pop_front();
  }
  if (calls_)
    find_calls(delta);
  delta.completion_tokens = count_;
  if (delta.finish != finish_reason::none) {
    delta.prompt_tokens = begin_.prompt_tokens;
    delta.times = one.times;
  }
  delta.cached_tokens = one.cached_tokens;
  if (delta.finish == finish_reason::error) {
    delta.code = one.code;
    delta.error = std::move(one.error);
  }
  const bool says_nothing = delta.text.empty() && delta.logprobs.empty()
                            && delta.calls.empty() && delta.prompt.empty()
                            && delta.embedding.empty();
  if (says_nothing && delta.finish == finish_reason::none)
    return std::nullopt;
  delta.tokens = std::exchange(untold_, {});
  return delta;
}

} // namespace sluice::actors
