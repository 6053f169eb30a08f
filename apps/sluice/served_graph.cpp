// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/served_graph.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>

namespace sluice::apps {

namespace {

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    break;
  }
  return spdlog::level::err;
}

void show(progress_bar& bar, const std::vector<model_status>& models) {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (const auto& model : models) {
    done += model.done;
    total += model.total;
  }
  bar.update(done, total);
}

runtime open(const serve_options& options, progress_bar& bar) {
  runtime_options how;
  how.serve = options.serve;
  how.listen = options.listen;
  how.placement = options.placement;
  how.threads = options.threads;
  how.drain = options.drain;
  how.wait_ready = false;
  how.progress = [&bar](const auto& models) { show(bar, models); };
  if (options.serve)
    how.log = [](log_level level, std::string_view line) {
      spdlog::log(level_of(level), "{}", line);
    };
  auto out = runtime::open(options.path, std::move(how));
  if (!options.placement.empty())
    spdlog::warn("{}: every actor runs in this process; the placement's "
                 "pipelines hold, its zones and replicas do not",
                 options.placement);
  return out;
}

} // namespace

served_graph::served_graph(const serve_options& options, bool quiet)
    : bar_{std::make_unique<progress_bar>("loading", !quiet)}, graph_{open(
                                                                   options,
                                                                   *bar_)} {}

std::string served_graph::address() const {
  return graph_.status().listening;
}

namespace {

constexpr std::chrono::seconds look_again{1};

// Why waiting goes on for ever, if it does.
void throw_if_over(const runtime& graph) {
  const auto now = graph.status();
  if (now.state == phase::closed)
    throw std::runtime_error("stopped before it was ready");
  if (!now.failure.empty())
    throw std::runtime_error(now.failure);
}

} // namespace

void served_graph::wait_until_ready() {
  while (!graph_.wait_ready(look_again))
    throw_if_over(graph_);
  end_progress();
}

void served_graph::wait_until_accepting() {
  while (!graph_.wait_accepting(look_again))
    throw_if_over(graph_);
}

void served_graph::end_progress() {
  bar_->finish();
}

} // namespace sluice::apps
