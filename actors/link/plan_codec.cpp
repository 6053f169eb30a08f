// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the parts of a model say to each other.
#include "actors/link/field_codec.hpp"
#include "actors/link/message_codecs.hpp"

namespace sluice::actors {

namespace {

using transfers = std::vector<block_transfer>;

void write(capnp::List<wire::BlockTransfer>::Builder to,
           const transfers& from) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setBlock(from[i].block);
    to[i].setKey({from[i].key.bytes.data(), from[i].key.bytes.size()});
  }
}

transfers read(capnp::List<wire::BlockTransfer>::Reader from) {
  transfers out;
  out.reserve(from.size());
  for (const auto one : from)
    out.push_back({one.getBlock(), read_key(one.getKey())});
  return out;
}

void write(wire::SequenceStep::Builder to, sequence_key sequence,
           const device::sequence_step& from) {
  to.setSequence(sequence);
  write_numbers(to.initTokens(count_of(from.tokens.size())), from.tokens);
  to.setStart(from.start);
  write_numbers(to.initBlocks(count_of(from.blocks.size())), from.blocks);
  to.setOutputs(from.outputs);
  to.setReadKind(static_cast<std::uint8_t>(from.read.kind));
  to.setReadFirst(from.read.first);
  to.setReadCount(from.read.count);
}

void write(wire::Plan::Builder to, const batch_plan& from) {
  to.setNumber(from.number);
  auto steps = to.initSteps(count_of(from.steps.size()));
  for (unsigned i = 0; i < steps.size(); ++i)
    write(steps[i], from.sequences[i], from.steps[i]);
  auto opened = to.initOpened(count_of(from.opened.size()));
  for (unsigned i = 0; i < opened.size(); ++i) {
    const auto& one = from.opened[i];
    opened[i].setSequence(one.sequence);
    actors::write(opened[i].initParams(), one.params);
    write_numbers(opened[i].initPrompt(count_of(one.prompt.size())),
                  one.prompt);
    actors::write(opened[i].initReading(), one.reading);
  }
  write_numbers(to.initClosed(count_of(from.closed.size())), from.closed);
  auto copies = to.initCopies(count_of(from.copies.size()));
  for (unsigned i = 0; i < copies.size(); ++i) {
    copies[i].setFrom(from.copies[i].from);
    copies[i].setTo(from.copies[i].to);
  }
  to.setDrafts(from.drafts);
  write(to.initSaves(count_of(from.saves.size())), from.saves);
  write(to.initLoads(count_of(from.loads.size())), from.loads);
  write(to.initStores(count_of(from.stores.size())), from.stores);
}

batch_plan read(wire::Plan::Reader from) {
  batch_plan out;
  out.number = from.getNumber();
  for (const auto one : from.getSteps()) {
    out.sequences.push_back(one.getSequence());
    out.steps.push_back(
        {read_numbers<std::int32_t>(one.getTokens()),
         one.getStart(),
         read_numbers<std::uint32_t>(one.getBlocks()),
         one.getOutputs(),
         {read_enum(one.getReadKind(), device::row_kind::states),
          one.getReadFirst(), one.getReadCount()}});
  }
  for (const auto one : from.getOpened())
    out.opened.push_back({one.getSequence(), actors::read(one.getParams()),
                          read_numbers<std::int32_t>(one.getPrompt()),
                          actors::read(one.getReading())});
  out.closed = read_numbers<sequence_key>(from.getClosed());
  for (const auto one : from.getCopies())
    out.copies.push_back({one.getFrom(), one.getTo()});
  out.drafts = from.getDrafts();
  out.saves = read(from.getSaves());
  out.loads = read(from.getLoads());
  out.stores = read(from.getStores());
  return out;
}

} // namespace

void write(wire::StagePass::Builder to, const stage_pass& from) {
  write(to.initPlan(), from.plan);
  to.setError(text_of(from.error));
  write_keys(to.initLost(count_of(from.lost.size())), from.lost);
  to.setHidden(from.hidden.size());
  to.setProposals(from.proposals.size());
}

stage_pass read(wire::StagePass::Reader from) {
  stage_pass out;
  out.plan = read(from.getPlan());
  out.error = to_string(from.getError());
  out.lost = read_keys(from.getLost());
  return out;
}

void write(wire::StepResult::Builder to, const step_result& from) {
  to.setPlan(from.plan);
  auto tokens = to.initTokens(count_of(from.tokens.size()));
  for (unsigned i = 0; i < tokens.size(); ++i)
    write(tokens[i], from.tokens[i]);
  to.setError(text_of(from.error));
  write_numbers(to.initCounts(count_of(from.counts.size())), from.counts);
  write_keys(to.initLost(count_of(from.lost.size())), from.lost);
  auto readings = to.initReadings(count_of(from.readings.size()));
  for (unsigned i = 0; i < readings.size(); ++i) {
    readings[i].setSequence(from.readings[i].sequence);
    write(readings[i].initPart(), from.readings[i].part);
  }
}

step_result read(wire::StepResult::Reader from) {
  step_result out;
  out.plan = from.getPlan();
  for (const auto one : from.getTokens())
    out.tokens.push_back(read(one));
  out.error = to_string(from.getError());
  out.counts = read_numbers<std::uint32_t>(from.getCounts());
  out.lost = read_keys(from.getLost());
  for (const auto one : from.getReadings())
    out.readings.push_back({one.getSequence(), read(one.getPart())});
  return out;
}

void write(wire::LoadProgress::Builder to, const load_progress& from) {
  to.setStage(from.stage);
  to.setDone(from.done);
  to.setTotal(from.total);
}

load_progress read(wire::LoadProgress::Reader from) {
  return {from.getStage(), from.getDone(), from.getTotal()};
}

void write(wire::StageLoaded::Builder to, const stage_loaded& from) {
  to.setStage(from.stage);
  to.setError(text_of(from.error));
  write_keys(to.initStored(count_of(from.stored.size())), from.stored);
}

stage_loaded read(wire::StageLoaded::Reader from) {
  return {from.getStage(), to_string(from.getError()),
          read_keys(from.getStored())};
}

} // namespace sluice::actors
