// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A serving run as a picture: what share of the requests was how fast, and what
// came when. The SVG text is pure; PNG needs a program that converts it.
#pragma once

#include "apps/bench_serve/serving_text.hpp"

#include <filesystem>
#include <string>

namespace sluice::apps {

/// Four panels: distributions of TTFT, gaps and E2E, and tokens over time.
std::string serving_svg(const run_description& what, const run_record& record,
                        const serving_report& report);

/// By the path's ending: ".svg", or ".png" through rsvg-convert or convert.
/// Throws std::runtime_error that says what is missing; for other endings,
/// check_plot_path() does.
void write_plot(const std::filesystem::path& path, const std::string& svg);

/// Throws std::invalid_argument for other endings, and for ".png" without a
/// program that makes it: to be called before the run.
void check_plot_path(const std::filesystem::path& path);

} // namespace sluice::apps
