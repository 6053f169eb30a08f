// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// From what a graph file says to what actors take. Used by build alone.
#pragma once

#include "actors/cache/cache.hpp"
#include "actors/gateway/gateway.hpp"
#include "actors/model/model.hpp"
#include "actors/preprocess/preprocess.hpp"
#include "actors/router/router.hpp"
#include "graph/build/running_graph.hpp"

#include <functional>
#include <string_view>

namespace sluice::graph {

/// Throws device::model_error when options.listen is no address.
actors::gateway_settings gateway_settings_of(schema::Gateway::Reader settings,
                                             const run_options& options);

actors::cache_settings cache_settings_of(schema::Cache::Reader settings);

actors::preprocess_settings
preprocess_settings_of(schema::Preprocess::Reader settings);

/// Reads the load of the model actor of that name.
using meter_maker = std::function<std::function<double()>(std::string_view)>;

/// `outputs` are the router's outputs in the order of the rules' indices.
actors::router_settings
router_settings_of(schema::Router::Reader settings,
                   const std::vector<std::string>& outputs,
                   const meter_maker& meter);

/// `placed` may be null. Throws device::model_error for degrees that one
/// process does not offer.
actors::model_settings model_settings_of(schema::ModelActor::Reader settings,
                                         const graph_model& model,
                                         const placed_actor* placed);

} // namespace sluice::graph
