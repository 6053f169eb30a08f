// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/build/assembly.hpp"

#include "actors/cache/cache.hpp"
#include "actors/host/host_actor.hpp"
#include "actors/postprocess/postprocess.hpp"
#include "device/cpu/cpu_backend.hpp"
#include "device/error.hpp"
#include "graph/build/settings.hpp"

#include <spdlog/logger.h>

#include <algorithm>

namespace sluice::graph {

namespace {

/// Actors so that every edge but those back to the gateway leads to a later
/// one; the gateway left out.
std::vector<std::size_t> along_flow(const validated_graph& graph) {
  std::vector<std::size_t> feeders(graph.actors().size());
  for (const auto& edge : graph.edges())
    if (!edge.back())
      ++feeders[edge.to];
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < feeders.size(); ++i)
    if (feeders[i] == 0)
      out.push_back(i);
  for (std::size_t i = 0; i < out.size(); ++i)
    for (const auto& edge : graph.edges())
      if (edge.from == out[i] && !edge.back() && --feeders[edge.to] == 0)
        out.push_back(edge.to);
  std::erase_if(out, [&](std::size_t actor) {
    return graph.actors()[actor].type->is_door;
  });
  return out;
}

const placed_actor* placed_as(const run_options& options,
                              std::string_view name) {
  if (options.placement)
    for (const auto& actor : options.placement->actors())
      if (actor.name == name)
        return &actor;
  return nullptr;
}

/// The same ids mean the same text.
bool same_vocabulary(const device::tokenizer& a, const device::tokenizer& b) {
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto id = static_cast<std::int32_t>(i);
    if (a.token_text(id) != b.token_text(id))
      return false;
  }
  return true;
}

} // namespace

assembly::assembly(const validated_graph& graph, const run_options& options,
                   caf::actor_system& system, shared_parts& parts)
    : graph_(graph), options_(options), system_(system), parts_(parts),
      handles_(graph.actors().size()), edges_(graph.edges().size()),
      order_(along_flow(graph)) {}

void assembly::open_models() {
  for (const auto& model : graph_.models())
    models_.emplace(model.name,
                    actors::model_assets::open(model.name, model.path,
                                               model.chat_template));
  if (models_.empty())
    return;
  front_ = models_.begin()->second;
  for (const auto& actor : graph_.actors())
    if (const auto kind = actor.settings.getKind(); kind.isPreprocess()) {
      front_ = assets(kind.getPreprocess().getModel().cStr());
      break;
    }
  check_vocabularies();
}

void assembly::check_vocabularies() const {
  // One gateway, so all models of a graph speak about the same requests.
  const auto& first = *models_.begin()->second;
  for (const auto& [name, assets] : models_)
    if (!same_vocabulary(first.tokens, assets->tokens))
      throw device::model_error("models '" + first.name + "' and '" + name
                                + "' have different vocabularies; models of "
                                  "one graph share their tokens");
}

actors::request_sink assembly::spawn(actors::text_sink door) {
  for (std::size_t i = 0; i < graph_.actors().size(); ++i)
    if (graph_.actors()[i].type->is_door) {
      handles_[i] = caf::actor_cast<caf::actor>(door);
      join(i);
    }
  spawn_turns();
  std::for_each(order_.rbegin(), order_.rend(), [&](std::size_t actor) {
    if (handles_[actor])
      return;
    spawn_one(actor);
    join(actor);
  });
  wire_turns();
  const auto first =
      std::ranges::find_if(graph_.edges(), [&](const graph_edge& edge) {
        return graph_.actors()[edge.from].type->is_door;
      });
  return caf::actor_cast<actors::request_sink>(
      edges_[static_cast<std::size_t>(first - graph_.edges().begin())]);
}

void assembly::join(std::size_t actor) {
  for (std::size_t i = 0; i < graph_.edges().size(); ++i)
    if (graph_.edges()[i].to == actor)
      edges_[i] = actors::make_edge(system_, handles_[actor]);
}

void assembly::spawn_one(std::size_t actor) {
  auto kind = graph_.actors()[actor].settings.getKind();
  if (graph_.actors()[actor].type->declared) {
    spawn_declared(actor);
  } else if (kind.isPreprocess()) {
    auto settings = kind.getPreprocess();
    handles_[actor] = caf::actor_cast<caf::actor>(actors::spawn_preprocess(
        system_, preprocess_settings_of(settings),
        assets(settings.getModel().cStr()),
        caf::actor_cast<actors::prompt_sink>(next(actor, "prompt"))));
  } else if (kind.isRouter()) {
    spawn_router(actor, kind.getRouter());
  } else if (kind.isModel()) {
    spawn_model(actor, kind.getModel());
  } else if (kind.isPostprocess()) {
    handles_[actor] = caf::actor_cast<caf::actor>(actors::spawn_postprocess(
        system_, assets(kind.getPostprocess().getModel().cStr()),
        caf::actor_cast<actors::text_sink>(next(actor, "text"))));
  }
}

bool assembly::is_turn(std::size_t actor) const {
  return std::ranges::any_of(graph_.edges(), [&](const graph_edge& edge) {
    return edge.to == actor && edge.back();
  });
}

// Text comes back to these, so they exist before those that they send to.
void assembly::spawn_turns() {
  for (auto actor : order_) {
    if (!is_turn(actor))
      continue;
    const auto kind = graph_.actors()[actor].settings.getKind();
    if (kind.isCache())
      handles_[actor] = caf::actor_cast<caf::actor>(actors::spawn_cache(
          system_, cache_settings_of(kind.getCache()),
          parts_.figures.cache(graph_.actors()[actor].name)));
    else
      spawn_declared(actor);
    join(actor);
  }
}

void assembly::wire_turns() {
  for (auto actor : order_) {
    if (!is_turn(actor))
      continue;
    if (graph_.actors()[actor].type->declared)
      caf::anon_send(handles_[actor], actors::host_wiring{nexts(actor)});
    else
      caf::anon_send(
          caf::actor_cast<actors::cache_actor>(handles_[actor]),
          actors::wire{
              caf::actor_cast<actors::request_sink>(next(actor, "request")),
              caf::actor_cast<actors::text_sink>(next(actor, "text"))});
  }
}

std::vector<caf::actor> assembly::nexts(std::size_t actor) const {
  std::vector<caf::actor> out;
  for (const auto& output : graph_.actors()[actor].type->outputs)
    out.push_back(next(actor, output.name));
  return out;
}

void assembly::spawn_router(std::size_t actor,
                            schema::Router::Reader settings) {
  std::vector<std::string> names;
  std::vector<actors::prompt_sink> outputs;
  for (const auto& edge : graph_.edges())
    if (edge.from == actor) {
      names.push_back(edge.output);
      outputs.push_back(
          caf::actor_cast<actors::prompt_sink>(next(actor, edge.output)));
    }
  auto routes = router_settings_of(
      settings, names, [this](std::string_view one) { return meter_of(one); });
  handles_[actor] = caf::actor_cast<caf::actor>(
      actors::spawn_router(system_, std::move(routes), std::move(outputs)));
}

void assembly::spawn_declared(std::size_t actor) {
  const auto& one = graph_.actors()[actor];
  actors::host_actor_settings settings;
  settings.name = one.name;
  for (const auto& input : one.type->inputs)
    settings.inputs.push_back(static_cast<actors::port_type>(input.type));
  for (const auto& output : one.type->outputs)
    settings.outputs.push_back(static_cast<actors::port_type>(output.type));
  if (!is_turn(actor))
    settings.next = nexts(actor);
  settings.log = [log = options_.log](const std::string& text) {
    if (log)
      log->error("{}", text);
  };
  settings.out = std::make_shared<actors::host_outputs>();
  settings.object = options_.makers.at(one.type->name)(one, settings.out);
  handles_[actor] = actors::spawn_host_actor(system_, std::move(settings));
}

void assembly::spawn_model(std::size_t actor,
                           schema::ModelActor::Reader settings) {
  const auto& name = graph_.actors()[actor].name;
  const auto* model = graph_.find_model(settings.getModel().cStr());
  auto& pool = pool_for(settings.getThreads());
  try {
    auto chosen =
        model_settings_of(settings, *model, placed_as(options_, name));
    chosen.name = model_name(actor);
    if (settings.hasDraft() && settings.getDraft().hasModel())
      chosen.draft_model = assets(settings.getDraft().getModel().cStr());
    if (!chosen.tiers.disk.empty())
      chosen.tiers.disk = graph_.resolve(chosen.tiers.disk.string());
    chosen.log = options_.log;
    handles_[actor] = caf::actor_cast<caf::actor>(actors::spawn_model(
        system_, chosen, assets(model->name),
        [&pool] { return device::make_cpu_backend(pool); },
        caf::actor_cast<actors::token_sink>(next(actor, "tokens")),
        parts_.figures, parts_.loads));
  } catch (const device::model_error& error) {
    throw device::model_error("actor '" + name + "': " + error.what());
  }
}

device::thread_pool& assembly::pool_for(std::uint32_t threads) {
  if (threads == 0 && common_pool_)
    return *common_pool_;
  auto count = threads != 0            ? threads
               : options_.threads != 0 ? options_.threads
                                       : device::available_cores();
  parts_.pools.push_back(std::make_unique<device::thread_pool>(count));
  if (threads == 0)
    common_pool_ = parts_.pools.back().get();
  return *parts_.pools.back();
}

const caf::actor& assembly::next(std::size_t actor,
                                 std::string_view output) const {
  return edges_[static_cast<std::size_t>(graph_.leaving(actor, output)
                                         - graph_.edges().data())];
}

const actors::model_assets_ptr& assembly::assets(std::string_view model) const {
  return models_.find(model)->second;
}

std::string assembly::model_name(std::size_t actor) const {
  const auto model_of = [](const graph_actor& one) {
    const auto kind = one.settings.getKind();
    return kind.isModel() ? std::string(kind.getModel().getModel().cStr())
                          : std::string();
  };
  const auto& all = graph_.actors();
  auto model = model_of(all[actor]);
  const bool shared = std::ranges::count(all, model, model_of) > 1;
  return shared ? model + "/" + all[actor].name : model;
}

// Load is prompts held divided by the batch; the scheduler keeps both figures.
std::function<double()> assembly::meter_of(std::string_view actor) const {
  const auto& all = graph_.actors();
  const auto found = std::ranges::find(all, actor, &graph_actor::name);
  const auto& figures = parts_.figures.model(
      model_name(static_cast<std::size_t>(found - all.begin())));
  const auto batch = found->settings.getKind().getModel().getBatch();
  return [&figures, batch] {
    return (figures.requests_running.value() + figures.requests_waiting.value())
           / batch;
  };
}

std::vector<actors::model_actor> assembly::models() const {
  std::vector<actors::model_actor> out;
  for (auto actor : order_)
    if (handles_[actor] && graph_.actors()[actor].settings.getKind().isModel())
      out.push_back(caf::actor_cast<actors::model_actor>(handles_[actor]));
  return out;
}

std::vector<caf::actor> assembly::spawned() const {
  std::vector<caf::actor> out;
  for (auto actor : order_)
    if (handles_[actor])
      out.push_back(handles_[actor]);
  return out;
}

const actors::model_assets_ptr& assembly::front_model() const {
  return front_;
}

std::uint32_t assembly::context() const {
  if (!front_)
    return 0;
  auto least = front_->files.config().context;
  for (const auto& actor : graph_.actors()) {
    if (!actor.settings.getKind().isModel())
      continue;
    auto settings = actor.settings.getKind().getModel();
    const auto* model = graph_.find_model(settings.getModel().cStr());
    const auto& files = assets(model->name)->files;
    auto made =
        model_settings_of(settings, *model, placed_as(options_, actor.name));
    auto limits = actors::limits_for(
        made, files.config(),
        made.kv.format.value_or(device::kv_format_of(files)));
    least = std::min(least, limits.context);
  }
  return least;
}

} // namespace sluice::graph
