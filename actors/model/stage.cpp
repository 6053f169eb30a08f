// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/stage.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>

namespace sluice::actors {

namespace {

std::string reason_of(const std::exception& error) {
  const std::string text = error.what();
  return text.empty() ? "loading failed without saying why" : text;
}

} // namespace

stage_state::stage_state(stage_actor::pointer self) : self{self} {}

void stage_state::load() {
  std::string error;
  const auto report = [this](std::uint64_t done, std::uint64_t total) {
    if (settings.stop->load())
      throw std::runtime_error("loading was stopped");
    self->send(settings.scheduler, load_progress{settings.index, done, total});
  };
  try {
    auto engine = settings.load(settings.index, report);
    if (settings.drafts)
      draft.emplace(std::move(engine));
    else
      work.emplace(std::move(engine), !settings.next, settings.end_tokens,
                   settings.grammars);
  } catch (const std::exception& e) {
    error = reason_of(e);
  }
  self->send(settings.scheduler,
             stage_loaded{settings.index, std::move(error),
                          work ? work->stored() : std::vector<chain_key>{}});
  if (work || draft)
    load_next();
}

void stage_state::load_next() {
  if (!work && !draft) {
    // A draft model that was given up has nothing more to load.
    self->send(settings.scheduler, load_progress{settings.index, 0, 0});
    return;
  }
  try {
    if (work ? work->load_next() : draft->load_next())
      self->send(stage_actor{self}, load_more{});
  } catch (const std::exception& e) {
    work.reset();
    draft.reset();
    self->send(settings.scheduler, stage_loaded{settings.index, reason_of(e)});
  }
}

void stage_state::run(stage_pass& pass) {
  stage_work::sampled out;
  std::vector<block_transfer> stores;
  if (work) {
    work->bring_blocks(pass.plan, pass.lost, pass.error);
    out = work->run(pass.plan, pass.hidden, pass.error, pass.proposals);
    if (pass.error.empty())
      stores = pass.plan.stores;
  } else
    pass.error = "stage " + std::to_string(settings.index) + " has no weights";
  if (settings.next)
    self->send(settings.next, std::move(pass));
  else
    self->send(settings.scheduler,
               step_result{pass.plan.number, std::move(out.tokens),
                           std::move(pass.error), std::move(out.counts),
                           std::move(pass.lost), std::move(out.readings)});
  // Nobody waits for these.
  if (work)
    work->store_blocks(stores);
}

void stage_state::propose(stage_pass& pass) {
  try {
    if (draft)
      pass.proposals = draft->run(pass.plan);
  } catch (const std::exception& e) {
    spdlog::error("the draft model failed, going on without it: {}", e.what());
    draft.reset();
  }
  self->send(settings.next, std::move(pass));
}

stage_actor::behavior_type
stage(stage_actor::stateful_pointer<stage_state> self,
      stage_settings settings) {
  self->state.settings = std::move(settings);
  self->state.load();
  return {
      [self](stage_pass& pass) {
        auto& state = self->state;
        state.settings.drafts ? state.propose(pass) : state.run(pass);
      },
      [self](const load_more&) { self->state.load_next(); },
  };
}

} // namespace sluice::actors
