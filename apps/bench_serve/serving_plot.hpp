// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A serving run as a picture: what share of the requests was how fast, and what
// came when. Pure text; plot_file writes it.
#pragma once

#include "apps/bench_serve/serving_text.hpp"

#include <string>

namespace sluice::apps {

/// Four panels: distributions of TTFT, gaps and E2E, and tokens over time.
std::string serving_svg(const run_description& what, const run_record& record,
                        const serving_report& report);

} // namespace sluice::apps
