// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The pieces of an SVG text that every plot of this program is made of. Pure;
// knows no benchmark and writes no file (plot_file does).
#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace sluice::apps {

/// printf into a string of at most 399 characters.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 400> out{};
  std::snprintf(out.data(), out.size(), format, values...);
  return out.data();
}

/// An empty white picture with the styles of frame, grid, line and text; close
/// it with svg_end.
std::string svg_begin(unsigned width, unsigned height);
inline constexpr const char* svg_end = "</svg>\n";

/// Text at a point, in pixels; `anchor` is start, middle or end.
std::string svg_label(double x, double y, const char* anchor,
                      const std::string& text);

/// The frame of a plotting area.
std::string svg_frame(double x, double y, double width, double height);

/// A grid line, straight down or to the right.
std::string svg_grid_down(double x, double y, double length);
std::string svg_grid_right(double x, double y, double length);

} // namespace sluice::apps
