// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One pair of functions per message: `write` into a builder, `read` from a
// reader. Declared here for codec.cpp, defined by family: prompt_codec,
// answer_codec, plan_codec.
#pragma once

#include "actors/link/codec.hpp"
#include "actors/link/messages.capnp.h"

namespace sluice::actors {

// -- prompt_codec
void write(wire::Sampling::Builder to, const device::sampling_params& from);
device::sampling_params read(wire::Sampling::Reader from);
void write(wire::Output::Builder to, const output_spec& from);
output_spec read(wire::Output::Reader from);
void write(wire::Reading::Builder to, const device::prompt_reading& from);
device::prompt_reading read(wire::Reading::Reader from);
void write(wire::Request::Builder to, const request& from, instant now);
request read(wire::Request::Reader from, instant now);
void write(wire::Prompt::Builder to, const prompt& from, instant now);
prompt read(wire::Prompt::Reader from, instant now);

// -- answer_codec
void write(wire::Refused::Builder to, const refused& from);
refused read(wire::Refused::Reader from);
void write(wire::Generation::Builder to, const generation& from);
generation read(wire::Generation::Reader from);
void write(wire::SampledToken::Builder to, const device::sampled_token& from);
device::sampled_token read(wire::SampledToken::Reader from);
void write(wire::PromptPart::Builder to, const device::prompt_part& from);
device::prompt_part read(wire::PromptPart::Reader from);
void write(capnp::List<wire::Generated>::Builder to, const step_output& from);
step_output read(capnp::List<wire::Generated>::Reader from);
void write(wire::TextDelta::Builder to, const text_delta& from);
text_delta read(wire::TextDelta::Reader from);

// -- plan_codec
void write(wire::StagePass::Builder to, const stage_pass& from);
/// Without hidden states and proposals.
stage_pass read(wire::StagePass::Reader from);
void write(wire::StepResult::Builder to, const step_result& from);
step_result read(wire::StepResult::Reader from);
void write(wire::LoadProgress::Builder to, const load_progress& from);
load_progress read(wire::LoadProgress::Reader from);
void write(wire::StageLoaded::Builder to, const stage_loaded& from);
stage_loaded read(wire::StageLoaded::Reader from);

} // namespace sluice::actors
