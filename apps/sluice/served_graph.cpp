// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/served_graph.hpp"

#include "apps/sluice/graph_files.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace sluice::apps {

served_graph::served_graph(const serve_options& options, bool quiet)
    : bar_{std::make_unique<progress_bar>("loading", !quiet)} {
  auto graph = load_graph_or_model(options.path);
  graph::run_options run;
  if (!options.placement.empty()) {
    run.placement = load_placement(options.placement, graph);
    spdlog::warn("{}: every actor runs in this process; the placement's "
                 "pipelines hold, its zones and replicas do not",
                 options.placement);
  }
  if (!options.listen.empty())
    run.listen = options.listen;
  run.threads = options.threads;
  run.drain = options.drain;
  run.progress = [this](const auto& models) { show(models); };
  if (options.log_requests)
    run.log = spdlog::default_logger();
  graph_ =
      std::make_unique<graph::running_graph>(std::move(graph), std::move(run));
}

transport::address served_graph::address() const {
  return graph_->listening();
}

void served_graph::wait_until_ready() {
  while (!graph_->wait_ready(std::chrono::seconds{1}))
    if (auto why = graph_->failure(); !why.empty())
      throw std::runtime_error(std::move(why));
  bar_->finish();
}

graph::stop_report served_graph::stop() {
  return graph_->stop();
}

void served_graph::show(const std::vector<actors::model_load>& models) {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (const auto& model : models) {
    done += model.done;
    total += model.total;
  }
  bar_->update(done, total);
}

} // namespace sluice::apps
