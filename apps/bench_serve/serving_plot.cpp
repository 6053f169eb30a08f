// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/serving_plot.hpp"

#include "apps/plot/svg.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sluice::apps {

namespace {

// Pixels of a panel's plotting area, and around it.
constexpr double width = 380;
constexpr double height = 190;
constexpr double left = 64;
constexpr double top = 34;
constexpr double pitch_x = 480;
constexpr double pitch_y = 270;
constexpr double first_y = 44;

struct point {
  double x = 0;
  double y = 0;
};

/// 1, 2 or 5 times a power of ten: some four steps to `most`.
double tick_step(double most) {
  const double rough = most / 4;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough)
      return factor * power;
  return 10 * power;
}

/// Frame, grid and labels of a panel, and the line through `points`.
std::string panel(int column, int row, const std::string& title,
                  const std::string& unit, const std::vector<point>& points,
                  double most_y, const char* y_format) {
  const double x0 = left + column * pitch_x;
  const double y0 = first_y + top + row * pitch_y;
  double most_x = points.empty() ? 1 : points.back().x;
  most_x = most_x > 0 ? most_x : 1;
  most_y = most_y > 0 ? most_y : 1;
  const auto at_x = [&](double x) { return x0 + width * x / most_x; };
  const auto at_y = [&](double y) { return y0 + height * (1 - y / most_y); };
  auto out = svg_label(x0, y0 - 10, "start", title);
  out += svg_frame(x0, y0, width, height);
  for (double x = 0; x <= most_x; x += tick_step(most_x)) {
    out += svg_grid_down(at_x(x), y0, height);
    out += svg_label(at_x(x), y0 + height + 15, "middle", formatted("%g", x));
  }
  for (double y = 0; y <= most_y; y += tick_step(most_y)) {
    out += svg_grid_right(x0, at_y(y), width);
    out += svg_label(x0 - 6, at_y(y) + 4, "end", formatted(y_format, y));
  }
  out += svg_label(x0 + width, y0 + height + 30, "end", unit);
  out += "<polyline class=\"line\" points=\"";
  for (const auto& p : points)
    out += formatted("%.1f,%.1f ", at_x(p.x), at_y(p.y));
  return out + "\"/>\n";
}

/// Share of the values up to each, at most `steps` points. In milliseconds
/// and per cent.
std::vector<point> distribution(std::vector<double> values) {
  constexpr std::size_t steps = 200;
  std::sort(values.begin(), values.end());
  std::vector<point> out;
  if (values.empty())
    return out;
  out.push_back({1e3 * values.front(), 0});
  for (std::size_t i = 1; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    out.push_back({1e3 * percentile(values, share), 100 * share});
  }
  return out;
}

std::vector<double>
over(const run_record& record,
     const std::function<double(const request_sample&)>& f) {
  std::vector<double> out;
  for (const auto& r : record.answered)
    out.push_back(f(r));
  return out;
}

std::vector<point> tokens_over_time(const run_record& record) {
  std::vector<point> out;
  for (std::size_t i = 0; i < record.pieces_per_tick.size(); ++i)
    out.push_back({static_cast<double>(i + 1) * tick_seconds,
                   record.pieces_per_tick[i] / tick_seconds});
  return out;
}

} // namespace

std::string serving_svg(const run_description& what, const run_record& record,
                        const serving_report& report) {
  auto out = svg_begin(960, 600);
  out +=
      svg_label(left, 22, "start", what.url + what.endpoint + ", " + what.load);
  out += svg_label(left, 40, "start",
                   what.lengths
                       + formatted("; %zu answered, %zu failed, %.0f tokens/s",
                                   report.answered, report.failed,
                                   report.output_per_second));
  out += panel(0, 0, "Time to first token: % of requests within", "ms",
               distribution(over(record, time_to_first_token)), 100, "%.0f");
  out += panel(1, 0, "Time between pieces of text: % within", "ms",
               distribution({record.gaps.begin(), record.gaps.end()}), 100,
               "%.0f");
  out += panel(0, 1, "End to end: % of requests within", "ms",
               distribution(over(record, end_to_end)), 100, "%.0f");
  const auto over_time = tokens_over_time(record);
  double most = 0;
  for (const auto& p : over_time)
    most = std::max(most, p.y);
  out += panel(1, 1, "Pieces of text per second", "seconds", over_time,
               1.05 * most, "%g");
  return out + svg_end;
}

} // namespace sluice::apps
