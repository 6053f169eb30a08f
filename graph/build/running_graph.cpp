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

std::optional<schema::Gateway::Reader>
gateway_of(const validated_graph& graph) {
  for (const auto& actor : graph.actors())
    if (actor.settings.getKind().isGateway())
      return actor.settings.getKind().getGateway();
  return std::nullopt;
}

actors::host_door_settings host_door_settings_of(const run_options& options) {
  return {options.max_host_requests, [log = options.log](const auto& text) {
            if (log)
              log->error("{}", text);
          }};
}

/// What clients see: the front model, by its own name and by the graph's.
actors::catalogue served(const validated_graph& graph, const assembly& made) {
  const auto& assets = made.front_model();
  std::vector<std::string> names;
  if (assets)
    names.push_back(assets->name);
  if (!assets || graph.name() != assets->name)
    names.emplace_back(graph.name());
  std::shared_ptr<const device::tokenizer> tokens;
  std::shared_ptr<const device::chat_template> chat;
  if (assets)
    tokens = {assets, &assets->tokens};
  if (assets && assets->chat)
    chat = {assets, &*assets->chat};
  actors::catalogue out;
  out.push_back(actors::serve(std::move(names), made.context(), tokens, chat));
  if (!assets)
    return out;
  out.back().fingerprint = assets->fingerprint;
  out.back().path = assets->files.path().filename().string();
  return out;
}

} // namespace

// Members are destroyed upwards: handles before the system that runs them, the
// system before what its actors use.
struct running_graph::impl {
  impl(validated_graph what, run_options how)
      : graph(std::move(what)), options(std::move(how)), system(config),
        made(graph, options, system, parts),
        host(actors::spawn_host_door(system, host_door_settings_of(options))) {
    if (const auto gateway = gateway_of(graph); gateway && options.serve) {
      auto settings = gateway_settings_of(*gateway, options);
      settings.host = caf::actor_cast<actors::text_sink>(host.actor);
      door = actors::spawn_gateway(system, std::move(settings), parts.figures);
    }
    loader = std::thread([this] { load(); });
  }

  void load() {
    try {
      made.open_models();
      if (stopping)
        return;
      auto text = caf::actor_cast<actors::text_sink>(host.actor);
      if (door)
        text = caf::actor_cast<actors::text_sink>(door->actor);
      const auto entry = made.spawn(text);
      caf::anon_send(host.actor, actors::connect{entry});
      if (door)
        caf::anon_send(door->actor, actors::connect{entry});
      {
        const std::lock_guard lock(mutex);
        built = true;
      }
      changed.notify_all();
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
    if (door)
      door->state->loading(share, names);
  }

  void settle(const std::string& why) {
    if (door && why.empty())
      door->state->open(served(graph, made));
    else if (door)
      door->state->loading(0, "failed: " + why);
    if (!why.empty() && options.log)
      options.log->error("{}", why);
    std::lock_guard lock(mutex);
    failure = why;
    settled = true;
    changed.notify_all();
  }

  stop_report stop() {
    const std::lock_guard once(stop_mutex);
    if (stopping.exchange(true))
      return report;
    report.given_up = drain(options.drain);
    loader.join();
    // Cancelled requests free their blocks within a step, not at once.
    if (report.given_up == 0)
      report.books = books();
    auto order = made.spawned();
    if (door)
      order.push_back(caf::actor_cast<caf::actor>(door->actor));
    order.push_back(caf::actor_cast<caf::actor>(host.actor));
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

  std::uint32_t drain(std::chrono::milliseconds patience) {
    caf::scoped_actor self{system};
    const auto ms = static_cast<std::uint32_t>(patience.count());
    std::uint32_t given_up = 0;
    const auto ignored = [](const caf::error&) {};
    // Both doors at once, so that they share the patience.
    auto of_host = self->request(host.actor, patience + actor_patience,
                                 actors::host_drain{ms});
    if (door)
      self->request(door->actor, patience + actor_patience, actors::drain{ms})
          .receive([&](const actors::drained& x) { given_up += x.abandoned; },
                   ignored);
    of_host.receive(
        [&](const actors::host_drained& x) { given_up += x.abandoned; },
        ignored);
    return given_up;
  }

  /// What stands for the edge; waits until it does.
  const caf::actor& edge(std::size_t index) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return built || settled; });
    if (!built)
      throw device::model_error(failure);
    return made.edge(index);
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
  actors::host_door_handle host;
  std::optional<actors::gateway_handle> door;
  std::mutex stop_mutex;
  std::atomic<bool> stopping = false;
  stop_report report; ///< written by the first stop() alone
  std::thread loader;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool built = false; ///< every edge exists; guarded, as what follows
  bool settled = false;
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

bool running_graph::serves() const noexcept {
  return impl_->door.has_value();
}

transport::address running_graph::listening() const {
  return impl_->door->listening;
}

bool running_graph::wait_ready(std::chrono::milliseconds patience) const {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, patience, [&] { return impl_->settled; });
  return impl_->settled && impl_->open && impl_->failure.empty();
}

bool running_graph::wait_built(std::chrono::milliseconds patience) const {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, patience,
                          [&] { return impl_->built || impl_->settled; });
  return impl_->built && impl_->open && impl_->failure.empty();
}

std::string running_graph::failure() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

bool running_graph::is_built() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->built;
}

std::vector<actors::model_load> running_graph::loads() const {
  return impl_->parts.loads.snapshot();
}

actors::model_assets_ptr running_graph::front_model() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->built ? impl_->made.front_model() : nullptr;
}

std::string running_graph::prometheus() const {
  return impl_->parts.figures.prometheus();
}

void running_graph::submit(actors::edge_message what, actors::instant deadline,
                           actors::delta_sink show,
                           std::optional<std::size_t> edge) {
  const auto to = edge ? impl_->edge(*edge) : caf::actor{};
  caf::anon_send(impl_->host.actor,
                 actors::host_submission{
                     std::move(what), deadline, to,
                     std::make_shared<actors::delta_sink>(std::move(show))});
}

void running_graph::cancel(actors::request_id id) {
  caf::anon_send(impl_->host.actor, actors::host_cancel{id});
}

std::size_t running_graph::host_requests() const noexcept {
  return *impl_->host.in_flight;
}

void running_graph::inject(std::size_t edge, actors::edge_message what) {
  caf::anon_send(impl_->edge(edge), actors::to_caf(std::move(what)));
}

std::shared_ptr<actors::edge_tap>
running_graph::tap(std::size_t edge, actors::edge_tap::watcher show) {
  auto tap = std::make_shared<actors::edge_tap>(
      std::move(show), [log = impl_->options.log](const char* why) {
        if (log)
          log->error("a tap threw: {}", why);
      });
  actors::tee_of(impl_->edge(edge)).add(tap);
  return tap;
}

void running_graph::untap(std::size_t edge,
                          const std::shared_ptr<actors::edge_tap>& tap) {
  actors::tee_of(impl_->edge(edge)).remove(tap.get());
  tap->close();
}

std::uint32_t running_graph::drain(std::chrono::milliseconds patience) {
  return impl_->drain(patience);
}

stop_report running_graph::stop() {
  return impl_->stop();
}

} // namespace sluice::graph
