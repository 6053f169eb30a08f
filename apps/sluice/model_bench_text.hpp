// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The results of `sluice bench model` as a table, as JSON and as a picture.
// Pure: measures and writes nothing.
#pragma once

#include "apps/bench_model/model_bench.hpp"
#include "apps/plot/roofline.hpp"

#include <boost/json.hpp>

#include <string>

namespace sluice::apps {

/// Head and one line per row.
std::string table_of(const device::model_files& files,
                     const bench_result& result);

/// docs/benchmarks.md lists the fields.
boost::json::object json_of(const device::model_files& files,
                            const bench_result& result);

/// Every row as a point under the ceilings of the model's own format.
roofline roofline_of(const device::model_files& files,
                     const bench_result& result);

} // namespace sluice::apps
