# SPDX-FileCopyrightText: The Sluice authors
# SPDX-License-Identifier: Apache-2.0

# What actors say to each other (actors/messages.hpp), as it crosses a link from
# node to node. Read and written by the codecs beside this file alone. Nodes of
# neighbouring versions talk to each other: fields are added, never renumbered,
# and what an older node does not send keeps its default. Times are spans from
# the moment of sending, since the clocks of two machines differ.
@0xc3a1d7f09b2e6418;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("sluice::actors::wire");

struct Message {
  # One message on a channel.

  union {
    unset @0 :Void;
    request @1 :Request;
    prompt @2 :Prompt;
    accepted @3 :Accepted;
    refused @4 :Refused;
    cancel @5 :UInt64;
    forgetSession @6 :Text;
    generation @7 :Generation;
    stepOutput @8 :List(Generated);
    textDelta @9 :TextDelta;
    stagePass @10 :StagePass;
    stepResult @11 :StepResult;
    loadProgress @12 :LoadProgress;
    stageLoaded @13 :StageLoaded;
    credit @14 :UInt32;
    hold @15 :Hold;
  }
}

struct Hold {
  id @0 :UInt64;
  on @1 :Bool;
}

struct IdValue {
  # A token id with a number: a bias, or a log-probability.
  id @0 :Int32;
  value @1 :Float32;
}

struct Grammar {
  kind @0 :UInt8; # device::grammar_kind
  text @1 :Text;
  name @2 :Text;
}

struct Sampling {
  # device::sampling_params.
  temperature @0 :Float32;
  topK @1 :UInt32;
  topP @2 :Float32;
  minP @3 :Float32;
  repetitionPenalty @4 :Float32;
  presencePenalty @5 :Float32;
  frequencyPenalty @6 :Float32;
  logitBias @7 :List(IdValue);
  seed @8 :UInt64;
  stream @9 :UInt64;
  topLogprobs @10 :UInt32;
  logprobs @11 :Bool;
  ignoreEos @12 :Bool;
  seeded @13 :Bool;
  grammar @14 :Grammar;
  minTokens @15 :UInt32;
  stopTokenIds @16 :List(Int32);
  allowedTokenIds @17 :List(Int32);
}

struct Output {
  # output_spec.
  maxTokens @0 :UInt32;
  stop @1 :List(Text);
  logprobs @2 :Bool;
  specials @3 :Bool;
  minTokens @4 :UInt32;
  calls @5 :UInt8; # tool_convention
  tools @6 :List(Text);
}

struct Reading {
  # device::prompt_reading.
  kind @0 :UInt8; # device::reading_kind
  top @1 :UInt32;
}

struct Common {
  # What a request and the prompt made of it share.
  id @0 :UInt64;
  timeLeft @1 :Int64; # nanoseconds to the deadline
  tenant @2 :Text;
  labels @3 :List(Text);
  sampling @4 :Sampling;
  output @5 :Output;
  session @6 :Text;
  cacheSalt @7 :Text;
  priority @8 :Int32;
  prefillOnly @9 :Bool;
  group @10 :UInt64;
  tokens @11 :List(Int32);
  reading @12 :Reading;
}

struct Request {
  common @0 :Common;
  messages @1 :Text;
  tools @2 :Text;
  templateOptions @3 :Text;
  text @4 :Text;
  mustCall @5 :Text;
  parallelCalls @6 :Bool = true;
}

struct Prompt {
  common @0 :Common;
}

struct Accepted {
  id @0 :UInt64;
  promptTokens @1 :UInt32;
}

struct Refused {
  # The other reply to a request or a prompt.
  id @0 :UInt64;
  code @1 :UInt8; # errc
  text @2 :Text;
  retrySeconds @3 :UInt32;
}

struct Generation {
  id @0 :UInt64;
  promptTokens @1 :UInt32;
  output @2 :Output;
}

struct SampledToken {
  id @0 :Int32;
  logprob @1 :Float32;
  top @2 :List(IdValue);
  grammarEnd @3 :UInt8; # device::grammar_end
}

struct ScoredToken {
  # device::scored_token.
  id @0 :Int32;
  logprob @1 :Float32;
  rank @2 :UInt32;
  top @3 :List(IdValue);
}

struct PromptPart {
  # device::prompt_part.
  scores @0 :List(ScoredToken);
  embedding @1 :List(Float32);
}

struct Times {
  # Seconds.
  queued @0 :Float64;
  prefill @1 :Float64;
  decode @2 :Float64;
}

struct Generated {
  id @0 :UInt64;
  hasToken @1 :Bool;
  token @2 :SampledToken;
  finish @3 :UInt8; # finish_reason
  code @4 :UInt8;   # errc
  error @5 :Text;
  cachedTokens @6 :UInt32;
  times @7 :Times;
  prompt @8 :PromptPart;
}

struct TextValue {
  text @0 :Data; # a token's bytes, perhaps half a character
  value @1 :Float32;
}

struct TokenLogprob {
  text @0 :Data;
  logprob @1 :Float32;
  top @2 :List(TextValue);
  id @3 :Int32;
  topIds @4 :List(Int32);
}

struct PromptAlternative {
  id @0 :Int32;
  token @1 :TokenLogprob;
}

struct PromptToken {
  id @0 :Int32;
  text @1 :Data;
  logprob @2 :Float32;
  rank @3 :UInt32;
  top @4 :List(PromptAlternative);
}

struct ToolCall {
  index @0 :UInt32;
  id @1 :Text;
  name @2 :Text;
  arguments @3 :Text;
}

struct TextDelta {
  id @0 :UInt64;
  text @1 :Text;
  logprobs @2 :List(TokenLogprob);
  finish @3 :UInt8; # finish_reason
  promptTokens @4 :UInt32;
  completionTokens @5 :UInt32;
  code @6 :UInt8; # errc
  error @7 :Text;
  cachedTokens @8 :UInt32;
  calls @9 :List(ToolCall);
  times @10 :Times;
  prompt @11 :List(PromptToken);
  embedding @12 :List(Float32);
  tokens @13 :List(Int32);
  stop @14 :Text;
}

struct SequenceStep {
  sequence @0 :UInt64;
  tokens @1 :List(Int32);
  start @2 :UInt32;
  blocks @3 :List(UInt32);
  outputs @4 :UInt32;
  # Rows to read of the prompt.
  readKind @5 :UInt8; # device::row_kind
  readFirst @6 :UInt32;
  readCount @7 :UInt32;
}

struct SamplerStart {
  sequence @0 :UInt64;
  params @1 :Sampling;
  prompt @2 :List(Int32);
  reading @3 :Reading;
}

struct BlockCopy {
  from @0 :UInt32;
  to @1 :UInt32;
}

struct BlockTransfer {
  block @0 :UInt32;
  key @1 :Data; # 16 bytes
}

struct Plan {
  # batch_plan.
  number @0 :UInt64;
  steps @1 :List(SequenceStep);
  opened @2 :List(SamplerStart);
  closed @3 :List(UInt64);
  copies @4 :List(BlockCopy);
  drafts @5 :Bool;
  saves @6 :List(BlockTransfer);
  loads @7 :List(BlockTransfer);
  stores @8 :List(BlockTransfer);
}

struct StagePass {
  plan @0 :Plan;
  error @1 :Text;
  lost @2 :List(Data);
  # The frame's attachment: so many floats of hidden states, then of proposals.
  hidden @3 :UInt64;
  proposals @4 :UInt64;
}

struct SequenceReading {
  sequence @0 :UInt64;
  part @1 :PromptPart;
}

struct StepResult {
  plan @0 :UInt64;
  tokens @1 :List(SampledToken);
  error @2 :Text;
  counts @3 :List(UInt32);
  lost @4 :List(Data);
  readings @5 :List(SequenceReading);
}

struct LoadProgress {
  stage @0 :UInt32;
  done @1 :UInt64;  # bytes
  total @2 :UInt64; # bytes
}

struct StageLoaded {
  stage @0 :UInt32;
  error @1 :Text;
  stored @2 :List(Data);
}
