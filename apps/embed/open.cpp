// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// From a file or a text to a started runtime.
#include "apps/embed/host_kinds.hpp"
#include "apps/embed/runtime_core.hpp"
#include "device/error.hpp"
#include "graph/default_graph.hpp"
#include "graph/load.hpp"
#include "transport/http/message.hpp"

namespace sluice::apps {

namespace {

template <class T>
T value_of(graph::loaded<T> from) {
  if (from)
    return std::move(*from.value);
  auto text = to_string(from.mistakes);
  while (text.ends_with('\n'))
    text.pop_back();
  std::vector<mistake> mistakes;
  for (const auto& one : from.mistakes)
    mistakes.push_back(
        {one.where.file, one.where.line, one.where.column, one.text});
  throw error(error_code::bad_graph, text, std::move(mistakes));
}

bool is_graph_file(const std::filesystem::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

graph::validate_options how(const runtime_options& options) {
  graph::validate_options out;
  out.embedded = !options.serve;
  return out;
}

void wait_until_ready(runtime_core& core) {
  while (!core.wait_ready(std::chrono::seconds{1}))
    if (const auto now = core.status(); !now.failure.empty())
      throw error(error_code::model_failed, now.failure);
}

std::shared_ptr<runtime_core> start(graph::validated_graph graph,
                                    runtime_options options) {
  const bool wait = options.wait_ready;
  try {
    std::optional<graph::validated_placement> placement;
    if (!options.placement.empty())
      placement = value_of(graph::load_placement(options.placement, graph));
    auto core = std::make_shared<runtime_core>(
        std::move(graph), std::move(placement), std::move(options));
    if (wait)
      wait_until_ready(*core);
    return core;
  } catch (const error&) {
    throw;
  } catch (const transport::http::http_error& why) {
    throw error(error_code::cannot_listen, why.what());
  } catch (const device::model_error& why) {
    throw error(error_code::bad_argument, why.what());
  } catch (const std::exception& why) {
    throw error(error_code::failed, why.what());
  }
}

} // namespace

std::shared_ptr<runtime_core> open_core(const std::filesystem::path& file,
                                        runtime_options options) {
  const auto kinds = with_kinds(options.kinds);
  auto graph = is_graph_file(file)
                   ? value_of(graph::load_graph(file, how(options), kinds))
                   : value_of(graph::default_graph(file));
  return start(std::move(graph), std::move(options));
}

std::shared_ptr<runtime_core> open_core(std::string_view text,
                                        runtime_options options) {
  const auto kinds = with_kinds(options.kinds);
  auto choices = how(options);
  choices.folder = options.folder;
  auto graph = value_of(graph::parse_graph(text, "graph", choices, kinds));
  return start(std::move(graph), std::move(options));
}

} // namespace sluice::apps
