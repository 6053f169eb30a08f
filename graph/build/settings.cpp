// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/build/settings.hpp"

#include "device/error.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sluice::graph {

namespace {

/// NaN stands for "not written".
std::optional<float> written(float value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

std::optional<actors::tool_convention> convention_of(schema::ToolCalls how) {
  switch (how) {
  case schema::ToolCalls::HERMES:
    return actors::tool_convention::hermes;
  case schema::ToolCalls::LLAMA3:
    return actors::tool_convention::llama3;
  case schema::ToolCalls::MISTRAL:
    return actors::tool_convention::mistral;
  case schema::ToolCalls::NONE:
    return actors::tool_convention::none;
  case schema::ToolCalls::AUTO:
    break;
  }
  return std::nullopt;
}

} // namespace

actors::gateway_settings gateway_settings_of(schema::Gateway::Reader settings,
                                             const run_options& options) {
  const auto listen = options.listen.value_or(settings.getListen().cStr());
  const auto where = transport::parse_address(listen);
  if (!where)
    throw device::model_error("cannot listen on '" + listen
                              + "': write an address such as "
                                "'127.0.0.1:8080' or ':8080'");
  actors::gateway_settings out;
  out.front.http.listen = *where;
  out.front.http.threads = settings.getThreads();
  out.front.http.max_connections = settings.getMaxConnections();
  out.front.http.body_limit = settings.getMaxBody();
  out.front.http.idle_timeout =
      std::chrono::milliseconds(settings.getIdleTimeout());
  for (auto key : settings.getApiKeys())
    out.front.api_keys.push_back(key.cStr());
  out.front.limits.choices = settings.getMaxChoices();
  out.front.cors_origin = settings.getCorsOrigin().cStr();
  out.front.sessions = {settings.getSessions(),
                        std::chrono::milliseconds(settings.getSessionTtl())};
  out.front.slots = settings.getSlots();
  out.max_in_flight = settings.getMaxRequests();
  out.request_timeout = std::chrono::milliseconds(settings.getDeadline());
  out.drain_timeout = options.drain;
  out.log = options.log;
  return out;
}

actors::cache_settings cache_settings_of(schema::Cache::Reader settings) {
  return {std::chrono::milliseconds(settings.getTtl()), settings.getSize()};
}

actors::preprocess_settings
preprocess_settings_of(schema::Preprocess::Reader settings) {
  actors::preprocess_settings out;
  for (auto rule : settings.getLabel()) {
    actors::label_rule made;
    made.as = rule.getAs().cStr();
    if (rule.getFind() == schema::Detector::PII)
      made.find = "pii";
    for (auto word : rule.getWords())
      made.words.push_back(word.cStr());
    made.pattern = rule.getPattern().cStr();
    out.labels.push_back(std::move(made));
  }
  out.tool_calls = convention_of(settings.getToolCalls());
  return out;
}

actors::router_settings
router_settings_of(schema::Router::Reader settings,
                   const std::vector<std::string>& outputs,
                   const meter_maker& meter) {
  actors::router_settings out;
  for (auto rule : settings.getRules()) {
    auto when = rule.getWhen();
    auto output = std::find(outputs.begin(), outputs.end(),
                            std::string_view(rule.getTo().cStr()));
    actors::route_rule made{
        .label = when.getLabel().cStr(),
        .load = {},
        .output = static_cast<std::size_t>(output - outputs.begin())};
    if (when.hasLoadOf()) {
      made.load = {.meter = out.meters.size(),
                   .above = written(when.getAbove()),
                   .below = written(when.getBelow())};
      out.meters.push_back(meter(when.getLoadOf().cStr()));
    }
    out.rules.push_back(std::move(made));
  }
  return out;
}

namespace {

std::optional<device::kv_format> format_of(schema::KvFormat format) {
  switch (format) {
  case schema::KvFormat::F32:
    return device::kv_format::f32;
  case schema::KvFormat::F16:
    return device::kv_format::f16;
  case schema::KvFormat::INT8:
    return device::kv_format::int8;
  case schema::KvFormat::AUTO:
    break;
  }
  return std::nullopt;
}

device::reading_kind pooling_of(schema::Pooling how) {
  switch (how) {
  case schema::Pooling::LAST:
    return device::reading_kind::last;
  case schema::Pooling::NONE:
    return device::reading_kind::none;
  case schema::Pooling::MEAN:
    break;
  }
  return device::reading_kind::mean;
}

} // namespace

actors::model_settings model_settings_of(schema::ModelActor::Reader settings,
                                         const graph_model& model,
                                         const placed_actor* placed) {
  if (placed && (placed->tensor > 1 || placed->expert > 1))
    throw device::model_error("one process offers 'pipeline', but neither "
                              "'tensor' nor 'expert'");
  actors::model_settings out;
  out.pipeline = placed ? placed->pipeline : settings.getPipeline();
  out.max_running = settings.getBatch();
  out.max_waiting = settings.getQueue();
  out.token_budget = settings.getStepTokens();
  out.kv_memory = settings.getKvMemory();
  out.prefix_cache = settings.getPrefixCache();
  out.kv.format = format_of(settings.getKv());
  out.kv.window = model.window;
  out.kv.sinks = model.sinks;
  if (settings.hasDraft())
    out.draft = {.tokens = settings.getDraft().getTokens(),
                 .lookup = settings.getDraft().getLookup(),
                 .max_batch = settings.getDraft().getBatch()};
  if (settings.hasTiers()) {
    const auto tiers = settings.getTiers();
    out.tiers.host_bytes = tiers.getHost();
    if (tiers.hasDisk()) {
      out.tiers.disk = tiers.getDisk().getPath().cStr();
      out.tiers.disk_bytes = tiers.getDisk().getSize();
    }
  }
  out.pooling = pooling_of(settings.getEmbedding().getPooling());
  out.context = settings.getContext();
  if (out.context == 0 || (model.context != 0 && model.context < out.context))
    out.context = model.context;
  return out;
}

} // namespace sluice::graph
