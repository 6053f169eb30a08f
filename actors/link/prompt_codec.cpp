// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a client wants: requests, prompts and what they hold.
#include "actors/link/field_codec.hpp"
#include "actors/link/message_codecs.hpp"

namespace sluice::actors {

void write(wire::Sampling::Builder to, const device::sampling_params& from) {
  to.setTemperature(from.temperature);
  to.setTopK(from.top_k);
  to.setTopP(from.top_p);
  to.setMinP(from.min_p);
  to.setRepetitionPenalty(from.repetition_penalty);
  to.setPresencePenalty(from.presence_penalty);
  to.setFrequencyPenalty(from.frequency_penalty);
  write_ids(to.initLogitBias(count_of(from.logit_bias.size())),
            from.logit_bias);
  to.setSeed(from.seed);
  to.setStream(from.stream);
  to.setTopLogprobs(from.top_logprobs);
  to.setLogprobs(from.logprobs);
  to.setIgnoreEos(from.ignore_eos);
  to.setSeeded(from.seeded);
  auto grammar = to.initGrammar();
  grammar.setKind(static_cast<std::uint8_t>(from.grammar.kind));
  grammar.setText(text_of(from.grammar.text));
  grammar.setName(text_of(from.grammar.name));
  to.setMinTokens(from.min_tokens);
  write_numbers(to.initStopTokenIds(count_of(from.stop_token_ids.size())),
                from.stop_token_ids);
  write_numbers(to.initAllowedTokenIds(count_of(from.allowed_token_ids.size())),
                from.allowed_token_ids);
}

device::sampling_params read(wire::Sampling::Reader from) {
  device::sampling_params out;
  out.temperature = from.getTemperature();
  out.top_k = from.getTopK();
  out.top_p = from.getTopP();
  out.min_p = from.getMinP();
  out.repetition_penalty = from.getRepetitionPenalty();
  out.presence_penalty = from.getPresencePenalty();
  out.frequency_penalty = from.getFrequencyPenalty();
  out.logit_bias = read_ids(from.getLogitBias());
  out.seed = from.getSeed();
  out.stream = from.getStream();
  out.top_logprobs = from.getTopLogprobs();
  out.logprobs = from.getLogprobs();
  out.ignore_eos = from.getIgnoreEos();
  out.seeded = from.getSeeded();
  const auto grammar = from.getGrammar();
  out.grammar.kind =
      read_enum(grammar.getKind(), device::grammar_kind::structure);
  out.grammar.text = to_string(grammar.getText());
  out.grammar.name = to_string(grammar.getName());
  out.min_tokens = from.getMinTokens();
  out.stop_token_ids = read_numbers<std::int32_t>(from.getStopTokenIds());
  out.allowed_token_ids = read_numbers<std::int32_t>(from.getAllowedTokenIds());
  return out;
}

void write(wire::Output::Builder to, const output_spec& from) {
  to.setMaxTokens(from.max_tokens);
  write_texts(to.initStop(count_of(from.stop.size())), from.stop);
  to.setLogprobs(from.logprobs);
  to.setSpecials(from.specials);
  to.setMinTokens(from.min_tokens);
  to.setCalls(static_cast<std::uint8_t>(from.calls));
  write_texts(to.initTools(count_of(from.tools.size())), from.tools);
}

output_spec read(wire::Output::Reader from) {
  output_spec out;
  out.max_tokens = from.getMaxTokens();
  out.stop = read_texts(from.getStop());
  out.logprobs = from.getLogprobs();
  out.specials = from.getSpecials();
  out.min_tokens = from.getMinTokens();
  out.calls = read_enum(from.getCalls(), tool_convention::mistral);
  out.tools = read_texts(from.getTools());
  return out;
}

void write(wire::Reading::Builder to, const device::prompt_reading& from) {
  to.setKind(static_cast<std::uint8_t>(from.kind));
  to.setTop(from.top);
}

device::prompt_reading read(wire::Reading::Reader from) {
  return {read_enum(from.getKind(), device::reading_kind::last), from.getTop()};
}

namespace {

template <class Wish>
void write_common(wire::Common::Builder to, const Wish& from, instant now) {
  to.setId(from.id);
  to.setTimeLeft((from.deadline - now).count());
  to.setTenant(text_of(from.tenant));
  write_texts(to.initLabels(count_of(from.labels.size())), from.labels);
  write(to.initSampling(), from.sampling);
  write(to.initOutput(), from.output);
  to.setSession(text_of(from.session));
  to.setCacheSalt(text_of(from.cache_salt));
  to.setPriority(from.priority);
  to.setPrefillOnly(from.prefill_only);
  to.setGroup(from.group);
  write_numbers(to.initTokens(count_of(from.tokens.size())), from.tokens);
  write(to.initReading(), from.reading);
}

template <class Wish>
void read_common(Wish& to, wire::Common::Reader from, instant now) {
  to.id = from.getId();
  to.deadline = now + std::chrono::nanoseconds{from.getTimeLeft()};
  to.tenant = to_string(from.getTenant());
  to.labels = read_texts(from.getLabels());
  to.sampling = read(from.getSampling());
  to.output = read(from.getOutput());
  to.session = to_string(from.getSession());
  to.cache_salt = to_string(from.getCacheSalt());
  to.priority = from.getPriority();
  to.prefill_only = from.getPrefillOnly();
  to.group = from.getGroup();
  to.tokens = read_numbers<std::int32_t>(from.getTokens());
  to.reading = read(from.getReading());
}

} // namespace

void write(wire::Request::Builder to, const request& from, instant now) {
  write_common(to.initCommon(), from, now);
  to.setMessages(text_of(from.messages));
  to.setTools(text_of(from.tools));
  to.setTemplateOptions(text_of(from.template_options));
  to.setText(text_of(from.text));
  to.setMustCall(text_of(from.must_call));
  to.setParallelCalls(from.parallel_calls);
}

request read(wire::Request::Reader from, instant now) {
  request out;
  read_common(out, from.getCommon(), now);
  out.messages = to_string(from.getMessages());
  out.tools = to_string(from.getTools());
  out.template_options = to_string(from.getTemplateOptions());
  out.text = to_string(from.getText());
  out.must_call = to_string(from.getMustCall());
  out.parallel_calls = from.getParallelCalls();
  return out;
}

void write(wire::Prompt::Builder to, const prompt& from, instant now) {
  write_common(to.initCommon(), from, now);
}

prompt read(wire::Prompt::Reader from, instant now) {
  prompt out;
  read_common(out, from.getCommon(), now);
  return out;
}

} // namespace sluice::actors
