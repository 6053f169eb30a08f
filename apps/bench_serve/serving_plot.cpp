// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/serving_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace sluice::apps {

namespace {

namespace fs = std::filesystem;

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

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 400> out{};
  std::snprintf(out.data(), out.size(), format, values...);
  return out.data();
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    default:
      out += c;
    }
  return out;
}

std::string label(double x, double y, const char* anchor,
                  const std::string& text) {
  return formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
                   anchor)
         + escaped(text) + "</text>\n";
}

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
  auto out = label(x0, y0 - 10, "start", title);
  out += formatted("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                   "height=\"%.1f\" class=\"frame\"/>\n",
                   x0, y0, width, height);
  for (double x = 0; x <= most_x; x += tick_step(most_x)) {
    out += formatted("<path d=\"M%.1f %.1fv%.1f\" class=\"grid\"/>\n", at_x(x),
                     y0, height);
    out += label(at_x(x), y0 + height + 15, "middle", formatted("%g", x));
  }
  for (double y = 0; y <= most_y; y += tick_step(most_y)) {
    out += formatted("<path d=\"M%.1f %.1fh%.1f\" class=\"grid\"/>\n", x0,
                     at_y(y), width);
    out += label(x0 - 6, at_y(y) + 4, "end", formatted(y_format, y));
  }
  out += label(x0 + width, y0 + height + 30, "end", unit);
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

bool runnable(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path ? path : ""; !rest.empty();) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (access((fs::path{folder} / name).c_str(), X_OK) == 0)
      return true;
  }
  return false;
}

/// The command that turns `svg` into `png`; empty without such a program.
std::vector<std::string> converter(const std::string& svg,
                                   const std::string& png) {
  if (runnable("rsvg-convert"))
    return {"rsvg-convert", "-o", png, svg};
  if (runnable("convert"))
    return {"convert", svg, png};
  return {};
}

int run_program(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ)
      != 0)
    return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream out{path};
  if (!(out << text) || !out.flush())
    throw std::runtime_error{path.string() + ": cannot be written"};
}

} // namespace

std::string serving_svg(const run_description& what, const run_record& record,
                        const serving_report& report) {
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 600\" "
      "width=\"960\" height=\"600\">\n<style>text{font:12px sans-serif;"
      "fill:#333}.frame{fill:none;stroke:#888}.grid{stroke:#ddd}.line{"
      "fill:none;stroke:#1565c0;stroke-width:1.5}</style>\n"
      "<rect width=\"960\" height=\"600\" fill=\"#fff\"/>\n";
  out += label(left, 22, "start", what.url + what.endpoint + ", " + what.load);
  out += label(left, 40, "start",
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
  return out + "</svg>\n";
}

void check_plot_path(const fs::path& path) {
  if (path.extension() == ".svg")
    return;
  if (path.extension() != ".png")
    throw std::invalid_argument{"--plot " + path.string()
                                + ": the name ends in .svg or .png"};
  if (converter("", "").empty())
    throw std::invalid_argument{
        "--plot " + path.string()
        + ": PNG needs rsvg-convert (Debian: librsvg2-bin) or ImageMagick's "
          "convert; .svg needs neither"};
}

void write_plot(const fs::path& path, const std::string& svg) {
  if (path.extension() == ".svg")
    return write_text(path, svg);
  const auto source = path.string() + ".svg";
  write_text(source, svg);
  const int status = run_program(converter(source, path.string()));
  fs::remove(source);
  if (status != 0)
    throw std::runtime_error{path.string()
                             + ": the conversion from SVG failed"};
}

} // namespace sluice::apps
