// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/runtime_core.hpp"

#include "actors/gateway/flight.hpp"
#include "actors/gateway/parse_request.hpp"
#include "apps/embed/answer_queue.hpp"
#include "apps/embed/callback_scope.hpp"
#include "apps/embed/edge_names.hpp"
#include "apps/embed/host_kinds.hpp"
#include "apps/embed/host_log.hpp"
#include "apps/embed/message_cast.hpp"
#include "apps/embed/request_cast.hpp"

#include <spdlog/logger.h>

namespace sluice::apps {

namespace {

constexpr std::chrono::minutes longest_request{10};

std::vector<model_status>
statuses_of(const std::vector<actors::model_load>& loads) {
  std::vector<model_status> out;
  for (const auto& one : loads)
    out.push_back({one.name, static_cast<phase>(one.state), one.done, one.total,
                   one.error});
  return out;
}

actors::instant deadline_in(std::chrono::milliseconds timeout) {
  return std::chrono::system_clock::now() + timeout;
}

/// A callback of the host as the door calls it.
actors::delta_sink sink_of(delta_callback show) {
  return [show = std::move(show)](const actors::text_delta& piece) {
    const callback_scope scope{callback_kind::delivery};
    show(to_public(piece));
  };
}

} // namespace

runtime_core::runtime_core(graph::validated_graph graph,
                           std::optional<graph::validated_placement> placement,
                           runtime_options options)
    : options_{std::move(options)} {
  auto how = settings();
  how.placement = std::move(placement);
  graph_ =
      std::make_unique<graph::running_graph>(std::move(graph), std::move(how));
}

graph::run_options runtime_core::settings() {
  graph::run_options out;
  out.threads = options_.threads;
  out.serve = options_.serve;
  if (!options_.listen.empty())
    out.listen = options_.listen;
  out.drain = options_.drain;
  out.max_host_requests = options_.max_requests;
  out.makers = makers_of(options_.kinds);
  out.log = make_logger(options_.log);
  if (options_.progress)
    out.progress = [show = options_.progress,
                    log = out.log](const auto& loads) {
      const callback_scope scope{callback_kind::delivery};
      try {
        show(statuses_of(loads));
      } catch (const std::exception& error) {
        if (log)
          log->error("the progress callback threw: {}", error.what());
      }
    };
  return out;
}

runtime_core::locked_graph runtime_core::open_graph() const {
  std::shared_lock lock{mutex_};
  if (!graph_)
    throw error(error_code::closed, "the runtime is closed");
  return {std::move(lock), *graph_};
}

std::uint64_t runtime_core::ask(const request& what, std::uint64_t id,
                                delta_callback show) {
  const auto [lock, graph] = open_graph();
  const auto wish = to_api_request(what);
  if (const auto why = graph.failure(); !why.empty())
    throw error(error_code::model_failed, why);
  if (!graph.is_built())
    throw error(error_code::not_ready, "the models are still being opened");
  if (const auto model = graph.front_model())
    if (const auto wrong = actors::check_ids(
            wish, static_cast<std::int32_t>(model->tokens.size())))
      throw error(error_code::bad_request, wrong->message);
  const auto deadline = deadline_in(wish.timeout.value_or(longest_request));
  auto asked = actors::to_request(wish, 0, id, deadline);
  asked.labels = what.labels;
  graph.submit(std::move(asked), deadline, sink_of(std::move(show)));
  return id;
}

std::shared_ptr<answer_queue> runtime_core::submit(const request& what) {
  auto queue = std::make_shared<answer_queue>(next_id_++, weak_from_this());
  ask(what, queue->id(), [queue](const delta& piece) { queue->push(piece); });
  return queue;
}

std::uint64_t runtime_core::submit(const request& what, delta_callback show) {
  if (!show)
    throw error(error_code::bad_argument, "a callback is needed");
  return ask(what, next_id_++, std::move(show));
}

std::shared_ptr<answer_queue> runtime_core::inject(std::string_view edge,
                                                   message what) {
  const auto [lock, graph] = open_graph();
  const auto at = find_edge(graph.graph(), edge);
  const auto type = graph.graph().edges()[at].type;
  if (static_cast<graph::message_type>(what.type) != type)
    throw error(error_code::wrong_type,
                "edge '" + edge_name(graph.graph(), at) + "' carries "
                    + std::string(graph::name(type)) + ", not "
                    + std::string(graph::name(
                        static_cast<graph::message_type>(what.type))));
  const bool asks =
      what.type == message_type::request || what.type == message_type::prompt;
  if (what.id != 0) {
    graph.inject(at, to_internal(what));
    return nullptr;
  }
  if (!asks)
    throw error(error_code::bad_argument,
                "a message of type " + std::string(graph::name(type))
                    + " needs the id of the request that it belongs to");
  auto queue = std::make_shared<answer_queue>(next_id_++, weak_from_this());
  what.id = queue->id();
  if (what.deadline == std::chrono::system_clock::time_point{})
    what.deadline = std::chrono::system_clock::now() + longest_request;
  graph.submit(to_internal(what), what.deadline,
               sink_of([queue](const delta& piece) { queue->push(piece); }),
               at);
  return queue;
}

void runtime_core::cancel(std::uint64_t id) noexcept {
  const std::shared_lock lock{mutex_};
  if (graph_)
    graph_->cancel(id);
}

std::unique_ptr<tapped_edge>
runtime_core::tap(std::string_view edge,
                  std::function<void(const message&)> show) {
  if (!show)
    throw error(error_code::bad_argument, "a callback is needed");
  const auto [lock, graph] = open_graph();
  const auto at = find_edge(graph.graph(), edge);
  auto tap = graph.tap(at, [show = std::move(show)](const auto& one) {
    const callback_scope scope{callback_kind::delivery};
    show(to_public(one));
  });
  return std::make_unique<tapped_edge>(weak_from_this(), at, std::move(tap));
}

void runtime_core::untap(std::size_t edge,
                         const std::shared_ptr<actors::edge_tap>& tap) {
  const std::shared_lock lock{mutex_};
  if (graph_)
    graph_->untap(edge, tap);
}

std::vector<std::string> runtime_core::edges() const {
  const auto [lock, graph] = open_graph();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < graph.graph().edges().size(); ++i)
    out.push_back(edge_name(graph.graph(), i));
  return out;
}

std::string runtime_core::name() const {
  const auto [lock, graph] = open_graph();
  return std::string(graph.graph().name());
}

runtime_status runtime_core::status() const {
  runtime_status out;
  const std::shared_lock lock{mutex_};
  if (!graph_) {
    out.state = phase::closed;
    return out;
  }
  out.failure = graph_->failure();
  out.state = graph_->ready()       ? phase::ready
              : out.failure.empty() ? phase::loading
                                    : phase::failed;
  out.models = statuses_of(graph_->loads());
  out.in_flight = graph_->host_requests();
  if (graph_->serves())
    out.listening = to_string(graph_->listening());
  return out;
}

bool runtime_core::wait_ready(std::chrono::milliseconds patience) const {
  const std::shared_lock lock{mutex_};
  return graph_ && graph_->wait_ready(patience);
}

bool runtime_core::wait_accepting(std::chrono::milliseconds patience) const {
  const std::shared_lock lock{mutex_};
  return graph_ && graph_->wait_built(patience);
}

std::string runtime_core::metrics() const {
  const auto [lock, graph] = open_graph();
  return graph.prometheus();
}

std::uint32_t runtime_core::drain(std::chrono::milliseconds patience) {
  refuse_in_callback("drain()");
  const auto [lock, graph] = open_graph();
  return graph.drain(patience);
}

close_report runtime_core::close() {
  refuse_in_callback("close()");
  const std::lock_guard once{closing_};
  graph::running_graph* graph = nullptr;
  {
    const std::shared_lock lock{mutex_};
    graph = graph_.get();
  }
  if (!graph)
    return report_;
  // Outside the lock: callbacks may still call in while the graph stops.
  const auto done = graph->stop();
  report_ = {done.given_up, done.killed, done.books};
  std::unique_ptr<graph::running_graph> stopped;
  {
    const std::unique_lock lock{mutex_};
    stopped = std::move(graph_);
  }
  return report_;
}

tapped_edge::tapped_edge(std::weak_ptr<runtime_core> owner, std::size_t edge,
                         std::shared_ptr<actors::edge_tap> tap)
    : owner{std::move(owner)}, edge{edge}, tap{std::move(tap)} {}

tapped_edge::~tapped_edge() {
  tap->close();
  if (const auto alive = owner.lock())
    alive->untap(edge, tap);
}

} // namespace sluice::apps
