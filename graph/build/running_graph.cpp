// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/build/running_graph.hpp"

#include "actors/runtime/system_settings.hpp"
#include "actors/runtime/terminator.hpp"
#include "device/error.hpp"
#include "graph/build/assembly.hpp"
#include "graph/build/settings.hpp"

#include <spdlog/logger.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace sluice::graph {

namespace {

constexpr std::chrono::milliseconds progress_every{50};
constexpr std::chrono::milliseconds actor_patience{5'000};
constexpr int books_attempts = 50;
constexpr std::chrono::milliseconds books_interval{20};

struct system_config : caf::actor_system_config {
  system_config() { actors::apply_system_settings(*this); }
};

schema::Gateway::Reader gateway_of(const validated_graph& graph) {
  for (const auto& actor : graph.actors())
    if (actor.settings.getKind().isGateway())
      return actor.settings.getKind().getGateway();
  return {};
}

/// What clients see: the front model, by its own name and by the graph's.
actors::catalogue served(const validated_graph& graph, const assembly& made) {
  const auto& assets = made.front_model();
  std::vector<std::string> names{assets->name};
  if (graph.name() != assets->name)
    names.emplace_back(graph.name());
  std::shared_ptr<const device::tokenizer> tokens(assets, &assets->tokens);
  std::shared_ptr<const device::chat_template> chat;
  if (assets->chat)
    chat = {assets, &*assets->chat};
  actors::catalogue out;
  out.push_back(actors::serve(std::move(names), made.context(), tokens, chat));
  out.back().fingerprint = assets->fingerprint;
  return out;
}

} // namespace

// Members are destroyed upwards: handles before the system that runs them, the
// system before what its actors use.
struct running_graph::impl {
  impl(validated_graph what, run_options how)
      : graph(std::move(what)), options(std::move(how)), system(config),
        made(graph, options, system, parts),
        door(actors::spawn_gateway(
            system, gateway_settings_of(gateway_of(graph), options),
            parts.figures)) {
    loader = std::thread([this] { load(); });
  }

  void load() {
    try {
      made.open_models();
      if (stopping)
        return;
      entry = made.spawn(caf::actor_cast<actors::text_sink>(door.actor));
      caf::anon_send(door.actor, actors::connect{entry});
      watch();
    } catch (const std::exception& error) {
      settle(error.what());
    }
  }

  /// Tells how far the weights are until they are there.
  void watch() {
    while (!stopping) {
      parts.loads.wait(progress_every);
      auto loads = parts.loads.snapshot();
      bool loading = false;
      std::string failed;
      for (const auto& one : loads) {
        loading = loading || one.state == actors::model_load::phase::loading;
        if (one.state == actors::model_load::phase::failed)
          failed = one.name + ": " + one.error;
      }
      if (options.progress)
        options.progress(loads);
      tell_door(loads);
      if (!failed.empty() || !loading) {
        settle(failed);
        return;
      }
    }
  }

  void tell_door(const std::vector<actors::model_load>& loads) {
    std::uint64_t done = 0, total = 0;
    std::string names;
    for (const auto& one : loads) {
      done += one.done;
      total += one.total;
      if (one.state == actors::model_load::phase::loading)
        names += (names.empty() ? "loading " : ", ") + one.name;
    }
    auto share = total == 0
                     ? 0.0
                     : static_cast<double>(done) / static_cast<double>(total);
    door.state->loading(share, names);
  }

  void settle(const std::string& why) {
    if (why.empty())
      door.state->open(served(graph, made));
    else
      door.state->loading(0, "failed: " + why);
    if (!why.empty() && options.log)
      options.log->error("{}", why);
    std::lock_guard lock(mutex);
    failure = why;
    settled = true;
    changed.notify_all();
  }

  stop_report stop() {
    if (stopping.exchange(true))
      return report;
    drain();
    loader.join();
    // Cancelled requests free their blocks within a step, not at once.
    if (report.given_up == 0)
      report.books = books();
    auto order = made.spawned();
    order.push_back(caf::actor_cast<caf::actor>(door.actor));
    report.killed =
        actors::stop_in_order(system, std::move(order), actor_patience);
    std::lock_guard lock(mutex);
    if (!settled)
      failure = "stopped before it was ready";
    settled = true;
    open = false;
    changed.notify_all();
    return report;
  }

  void drain() {
    caf::scoped_actor self{system};
    auto patience = static_cast<std::uint32_t>(options.drain.count());
    self->request(door.actor, options.drain + actor_patience,
                  actors::drain{patience})
        .receive(
            [&](const actors::drained& done) {
              report.given_up = done.abandoned;
            },
            [](const caf::error&) {});
  }

  /// Every block must be free when nothing is in flight. A cancel may still be
  /// on its way to a model, so that it gets a moment.
  std::string books() {
    std::string wrong;
    for (const auto& model : made.models())
      for (int attempt = 0; attempt < books_attempts; ++attempt) {
        auto found = books_of(model);
        if (found.empty())
          break;
        if (attempt + 1 == books_attempts)
          wrong += (wrong.empty() ? "" : "; ") + found;
        std::this_thread::sleep_for(books_interval);
      }
    return wrong;
  }

  std::string books_of(const actors::model_actor& model) {
    std::string wrong;
    caf::scoped_actor self{system};
    self->request(model, actor_patience, actors::get_model_status{})
        .receive(
            [&](const actors::model_status& status) {
              wrong = status.books;
              if (wrong.empty() && status.free_blocks != status.blocks)
                wrong = std::to_string(status.blocks - status.free_blocks)
                        + " of " + std::to_string(status.blocks)
                        + " blocks are not free";
            },
            [&](const caf::error& error) {
              wrong = "no answer: " + actors::context_of(error);
            });
    return wrong;
  }

  validated_graph graph;
  run_options options;
  shared_parts parts;
  system_config config;
  caf::actor_system system;
  assembly made;
  actors::gateway_handle door;
  actors::request_sink entry;
  std::atomic<bool> stopping = false;
  stop_report report; ///< written by the first stop() alone
  std::thread loader;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool settled = false; ///< guarded, as what follows
  bool open = true;
  std::string failure;
};

running_graph::running_graph(validated_graph graph, run_options options)
    : impl_(std::make_unique<impl>(std::move(graph), std::move(options))) {}

running_graph::~running_graph() {
  stop();
}

const validated_graph& running_graph::graph() const noexcept {
  return impl_->graph;
}

transport::address running_graph::listening() const {
  return impl_->door.listening;
}

bool running_graph::wait_ready(std::chrono::milliseconds patience) const {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, patience, [&] { return impl_->settled; });
  return impl_->settled && impl_->open && impl_->failure.empty();
}

std::string running_graph::failure() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

stop_report running_graph::stop() {
  return impl_->stop();
}

} // namespace sluice::graph
