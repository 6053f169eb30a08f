// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a model answers: tokens and text.
#include "actors/link/field_codec.hpp"
#include "actors/link/message_codecs.hpp"

namespace sluice::actors {

void write(wire::Refused::Builder to, const refused& from) {
  to.setId(from.id);
  to.setCode(static_cast<std::uint8_t>(from.code));
  to.setText(text_of(from.text));
  to.setRetrySeconds(from.retry_seconds);
}

refused read(wire::Refused::Reader from) {
  return {from.getId(), read_enum(from.getCode(), errc::host_failed),
          to_string(from.getText()), from.getRetrySeconds()};
}

void write(wire::Generation::Builder to, const generation& from) {
  to.setId(from.id);
  to.setPromptTokens(from.prompt_tokens);
  write(to.initOutput(), from.output);
}

generation read(wire::Generation::Reader from) {
  return {from.getId(), from.getPromptTokens(), read(from.getOutput())};
}

void write(wire::SampledToken::Builder to, const device::sampled_token& from) {
  to.setId(from.id);
  to.setLogprob(from.logprob);
  write_ids(to.initTop(count_of(from.top.size())), from.top);
  to.setGrammarEnd(static_cast<std::uint8_t>(from.grammar));
}

device::sampled_token read(wire::SampledToken::Reader from) {
  return {from.getId(), from.getLogprob(), read_ids(from.getTop()),
          read_enum(from.getGrammarEnd(), device::grammar_end::stuck)};
}

void write(wire::PromptPart::Builder to, const device::prompt_part& from) {
  auto scores = to.initScores(count_of(from.scores.size()));
  for (unsigned i = 0; i < scores.size(); ++i) {
    const auto& one = from.scores[i];
    scores[i].setId(one.id);
    scores[i].setLogprob(one.logprob);
    scores[i].setRank(one.rank);
    write_ids(scores[i].initTop(count_of(one.top.size())), one.top);
  }
  write_numbers(to.initEmbedding(count_of(from.embedding.size())),
                from.embedding);
}

device::prompt_part read(wire::PromptPart::Reader from) {
  device::prompt_part out;
  for (const auto one : from.getScores())
    out.scores.push_back(
        {one.getId(), one.getLogprob(), one.getRank(), read_ids(one.getTop())});
  out.embedding = read_numbers<float>(from.getEmbedding());
  return out;
}

namespace {

void write(wire::Times::Builder to, const answer_times& from) {
  to.setQueued(from.queued);
  to.setPrefill(from.prefill);
  to.setDecode(from.decode);
}

answer_times read(wire::Times::Reader from) {
  return {from.getQueued(), from.getPrefill(), from.getDecode()};
}

void write(wire::TokenLogprob::Builder to, const token_logprob& from) {
  to.setText(data_of(from.text));
  to.setLogprob(from.logprob);
  auto top = to.initTop(count_of(from.top.size()));
  for (unsigned i = 0; i < top.size(); ++i) {
    top[i].setText(data_of(from.top[i].first));
    top[i].setValue(from.top[i].second);
  }
  to.setId(from.id);
  write_numbers(to.initTopIds(count_of(from.top_ids.size())), from.top_ids);
}

token_logprob read(wire::TokenLogprob::Reader from) {
  token_logprob out{bytes_of(from.getText()),
                    from.getLogprob(),
                    {},
                    from.getId(),
                    read_numbers<std::int32_t>(from.getTopIds())};
  for (const auto one : from.getTop())
    out.top.emplace_back(bytes_of(one.getText()), one.getValue());
  return out;
}

void write(wire::PromptToken::Builder to, const prompt_token& from) {
  to.setId(from.id);
  to.setText(data_of(from.text));
  to.setLogprob(from.logprob);
  to.setRank(from.rank);
  auto top = to.initTop(count_of(from.top.size()));
  for (unsigned i = 0; i < top.size(); ++i) {
    top[i].setId(from.top[i].first);
    write(top[i].initToken(), from.top[i].second);
  }
}

prompt_token read(wire::PromptToken::Reader from) {
  prompt_token out{from.getId(),
                   bytes_of(from.getText()),
                   from.getLogprob(),
                   from.getRank(),
                   {}};
  for (const auto one : from.getTop())
    out.top.emplace_back(one.getId(), read(one.getToken()));
  return out;
}

} // namespace

void write(capnp::List<wire::Generated>::Builder to, const step_output& from) {
  for (unsigned i = 0; i < to.size(); ++i) {
    const auto& one = from.answers[i];
    auto out = to[i];
    out.setId(one.id);
    out.setHasToken(one.has_token);
    if (one.has_token)
      write(out.initToken(), one.token);
    out.setFinish(static_cast<std::uint8_t>(one.finish));
    out.setCode(static_cast<std::uint8_t>(one.code));
    out.setError(text_of(one.error));
    out.setCachedTokens(one.cached_tokens);
    write(out.initTimes(), one.times);
    if (!one.prompt.empty())
      write(out.initPrompt(), one.prompt);
  }
}

step_output read(capnp::List<wire::Generated>::Reader from) {
  step_output out;
  out.answers.reserve(from.size());
  for (const auto one : from) {
    generated made;
    made.id = one.getId();
    made.has_token = one.getHasToken();
    if (made.has_token)
      made.token = read(one.getToken());
    made.finish = read_enum(one.getFinish(), finish_reason::tool_calls);
    made.code = read_enum(one.getCode(), errc::host_failed);
    made.error = to_string(one.getError());
    made.cached_tokens = one.getCachedTokens();
    made.times = read(one.getTimes());
    made.prompt = read(one.getPrompt());
    out.answers.push_back(std::move(made));
  }
  return out;
}

void write(wire::TextDelta::Builder to, const text_delta& from) {
  to.setId(from.id);
  to.setText(text_of(from.text));
  auto logprobs = to.initLogprobs(count_of(from.logprobs.size()));
  for (unsigned i = 0; i < logprobs.size(); ++i)
    write(logprobs[i], from.logprobs[i]);
  to.setFinish(static_cast<std::uint8_t>(from.finish));
  to.setPromptTokens(from.prompt_tokens);
  to.setCompletionTokens(from.completion_tokens);
  to.setCode(static_cast<std::uint8_t>(from.code));
  to.setError(text_of(from.error));
  to.setCachedTokens(from.cached_tokens);
  auto calls = to.initCalls(count_of(from.calls.size()));
  for (unsigned i = 0; i < calls.size(); ++i) {
    calls[i].setIndex(from.calls[i].index);
    calls[i].setId(text_of(from.calls[i].id));
    calls[i].setName(text_of(from.calls[i].name));
    calls[i].setArguments(text_of(from.calls[i].arguments));
  }
  write(to.initTimes(), from.times);
  auto prompt = to.initPrompt(count_of(from.prompt.size()));
  for (unsigned i = 0; i < prompt.size(); ++i)
    write(prompt[i], from.prompt[i]);
  write_numbers(to.initEmbedding(count_of(from.embedding.size())),
                from.embedding);
  write_numbers(to.initTokens(count_of(from.tokens.size())), from.tokens);
  to.setStop(text_of(from.stop));
}

text_delta read(wire::TextDelta::Reader from) {
  text_delta out;
  out.id = from.getId();
  out.text = to_string(from.getText());
  for (const auto one : from.getLogprobs())
    out.logprobs.push_back(read(one));
  out.finish = read_enum(from.getFinish(), finish_reason::tool_calls);
  out.prompt_tokens = from.getPromptTokens();
  out.completion_tokens = from.getCompletionTokens();
  out.code = read_enum(from.getCode(), errc::host_failed);
  out.error = to_string(from.getError());
  out.cached_tokens = from.getCachedTokens();
  for (const auto one : from.getCalls())
    out.calls.push_back({one.getIndex(), to_string(one.getId()),
                         to_string(one.getName()),
                         to_string(one.getArguments())});
  out.times = read(from.getTimes());
  for (const auto one : from.getPrompt())
    out.prompt.push_back(read(one));
  out.embedding = read_numbers<float>(from.getEmbedding());
  out.tokens = read_numbers<std::int32_t>(from.getTokens());
  out.stop = to_string(from.getStop());
  return out;
}

} // namespace sluice::actors
