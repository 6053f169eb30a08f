// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where a plot goes: an SVG file, or a PNG file where a program that converts
// SVG is installed.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::apps {

/// By the path's ending: ".svg", or ".png" through rsvg-convert or convert.
/// Throws std::runtime_error that says what is missing; for other endings,
/// check_plot_path() does.
void write_plot(const std::filesystem::path& path, const std::string& svg);

/// Throws std::invalid_argument for other endings, and for ".png" without a
/// program that makes it: to be called before the run.
void check_plot_path(const std::filesystem::path& path);

} // namespace sluice::apps
