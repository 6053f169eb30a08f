// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/plot/roofline.hpp"

#include "apps/plot/svg.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::apps {

namespace {

// Pixels of the plotting area, and around it.
constexpr double width = 640;
constexpr double height = 400;
constexpr double left = 70;
constexpr double top = 72;
constexpr unsigned picture_width = 760;
constexpr unsigned picture_height = 530;
constexpr double text_height = 14;
// Pixels per character of a label, on average, with room to spare.
constexpr double text_width = 6.6;

constexpr double dot = 4; // radius of a point

struct point {
  double x = 0;
  double y = 0;
};

/// Whole decades, as exponents.
struct axis {
  int first = 0;
  int last = 1;

  void include(double value) {
    first = std::min(first, static_cast<int>(std::floor(std::log10(value))));
    last = std::max(last, static_cast<int>(std::ceil(std::log10(value))));
  }
  double share(double value) const {
    return (std::log10(value) - first) / (last - first);
  }
};

/// 1, 10, ... as people read them; `exponent` of giga-operations.
std::string rate_text(int exponent) {
  return exponent >= 3 ? formatted("%g T", std::pow(10, exponent - 3))
                       : formatted("%g G", std::pow(10, exponent));
}

/// Where a label stands: its left end, its base line.
struct place {
  double x, y, width;

  bool overlaps(const place& other) const {
    return x < other.x + other.width && other.x < x + width
           && std::abs(y - other.y) < text_height;
  }
  bool covers(point p) const {
    return p.x > x - dot - 1 && p.x < x + width + dot + 1
           && p.y > y - text_height && p.y < y + dot + 1;
  }
};

class picture {
public:
  explicit picture(const roofline& what);

  std::string draw() const;

private:
  point at(double intensity, double gops) const {
    return {left + width * x_.share(intensity),
            top + height * (1 - y_.share(gops))};
  }
  double intensity(const roofline_point& p) const {
    return p.operations_per_second / p.bytes_per_second;
  }
  std::string grid() const;
  std::string roof() const;
  std::string marks() const;
  bool has_room(const place& label) const;

  const roofline& what_;
  double gbs_;   ///< slope
  double gops_;  ///< roof
  double ridge_; ///< operations per byte where they meet
  axis x_;
  axis y_;
};

picture::picture(const roofline& what)
    : what_(what), gbs_(what.read_bytes_per_second * 1e-9),
      gops_(what.peak_operations_per_second * 1e-9), ridge_(gops_ / gbs_) {
  y_.first = x_.first = 9;
  y_.last = x_.last = -9;
  x_.include(ridge_ / 2);
  x_.include(ridge_ * 4);
  y_.include(gops_ * 1.2);
  for (const auto& p : what.points) {
    x_.include(intensity(p));
    y_.include(p.operations_per_second * 1e-9);
  }
  // The slope enters through the left side.
  y_.include(std::min(gbs_ * std::pow(10, x_.first), gops_));
}

std::string picture::grid() const {
  std::string out;
  for (int x = x_.first; x <= x_.last; ++x) {
    const double px = left + width * (x - x_.first) / (x_.last - x_.first);
    out += svg_grid_down(px, top, height);
    out += svg_label(px, top + height + 16, "middle",
                     formatted("%g", std::pow(10, x)));
  }
  for (int y = y_.first; y <= y_.last; ++y) {
    const double py =
        top + height * (1 - double(y - y_.first) / (y_.last - y_.first));
    out += svg_grid_right(left, py, width);
    out += svg_label(left - 6, py + 4, "end", rate_text(y));
  }
  out += svg_frame(left, top, width, height);
  out += svg_label(left + width / 2, top + height + 36, "middle",
                   "operations per byte");
  return out + svg_label(left - 60, top - 12, "start", "operations per second");
}

// Slope and roof, each with its figure beside it.
std::string picture::roof() const {
  const auto low = std::pow(10, x_.first);
  const auto start = at(low, std::min(gbs_ * low, gops_));
  const auto ridge = at(ridge_, gops_);
  const auto end = at(std::pow(10, x_.last), gops_);
  auto out = formatted("<polyline class=\"line\" points=\"%.1f,%.1f %.1f,%.1f "
                       "%.1f,%.1f\"/>\n",
                       start.x, start.y, ridge.x, ridge.y, end.x, end.y);
  out +=
      svg_label(end.x - 6, end.y - 7, "end",
                what_.peak_name + formatted(" peak %.2f Top/s", gops_ * 1e-3));
  const double degrees =
      std::atan2(ridge.y - start.y, ridge.x - start.x) * 180 / M_PI;
  const point middle{start.x + 0.5 * (ridge.x - start.x),
                     start.y + 0.5 * (ridge.y - start.y)};
  return out
         + formatted("<g transform=\"translate(%.1f %.1f) rotate(%.1f)\">",
                     middle.x, middle.y, degrees)
         + svg_label(0, -7, "middle", formatted("read %.1f GB/s", gbs_))
         + "</g>\n";
}

/// Right of the point, left of it, then higher and lower, whichever is `free`
/// first.
template <class Free>
place free_place(point c, double wide, const Free& free) {
  constexpr int most_steps = 8;
  for (int step = 0; step <= 2 * most_steps; ++step) {
    const int rows = (step % 2 == 0 ? 1 : -1) * ((step + 1) / 2);
    for (const double x : {c.x + 9, c.x - 9 - wide})
      if (const place here{x, c.y + 4 + rows * text_height, wide}; free(here))
        return here;
  }
  return {c.x + 9, c.y + 4, wide};
}

/// Inside the frame and under the roof.
bool picture::has_room(const place& label) const {
  const double share = (label.x - left) / width;
  const double low = std::pow(10, x_.first + share * (x_.last - x_.first));
  const auto roof = at(low, std::min(gops_, gbs_ * low));
  return label.x > left && label.x + label.width < left + width
         && label.y - text_height > roof.y && label.y < top + height;
}

std::string picture::marks() const {
  std::vector<point> points;
  for (const auto& p : what_.points)
    points.push_back(at(intensity(p), p.operations_per_second * 1e-9));
  std::vector<place> labels;
  std::string out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& p = what_.points[i];
    const auto gops = p.operations_per_second * 1e-9;
    const auto roof = std::min(gops_, gbs_ * intensity(p));
    const auto text =
        p.label + formatted(": %.0f Gop/s, %.0f %%", gops, 100 * gops / roof);
    const auto c = points[i];
    const auto here = free_place(
        c, text_width * static_cast<double>(text.size()),
        [&](const place& label) {
          return has_room(label)
                 && std::ranges::none_of(
                     labels,
                     [&](const auto& one) { return label.overlaps(one); })
                 && std::ranges::none_of(points, [&](const auto& one) {
                      return label.covers(one);
                    });
        });
    labels.push_back(here);
    const bool leftwards = here.x < c.x;
    const double end = leftwards ? here.x + here.width : here.x;
    if (std::abs(here.y - c.y) > text_height)
      out += formatted("<path d=\"M%.1f %.1fL%.1f %.1f\" class=\"grid\"/>\n",
                       c.x, c.y, end, here.y - 4);
    out += formatted("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.0f\" "
                     "fill=\"#c62828\"/>\n",
                     c.x, c.y, dot);
    out += svg_label(end, here.y, leftwards ? "end" : "start", text);
  }
  return out;
}

std::string picture::draw() const {
  return svg_begin(picture_width, picture_height)
         + svg_label(left, 20, "start", what_.title)
         + svg_label(left, 36, "start", what_.subtitle) + grid() + roof()
         + marks() + svg_end;
}

} // namespace

std::string roofline_svg(const roofline& what) {
  return picture{what}.draw();
}

} // namespace sluice::apps
