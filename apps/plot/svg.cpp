// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/plot/svg.hpp"

namespace sluice::apps {

namespace {

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

} // namespace

std::string svg_begin(unsigned width, unsigned height) {
  return formatted("<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\">\n",
                   width, height, width, height)
         + "<style>text{font:12px sans-serif;fill:#333}.frame{fill:none;"
           "stroke:#888}.grid{stroke:#ddd}.line{fill:none;stroke:#1565c0;"
           "stroke-width:1.5}</style>\n"
         + formatted("<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n",
                     width, height);
}

std::string svg_label(double x, double y, const char* anchor,
                      const std::string& text) {
  return formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
                   anchor)
         + escaped(text) + "</text>\n";
}

std::string svg_frame(double x, double y, double width, double height) {
  return formatted("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                   "height=\"%.1f\" class=\"frame\"/>\n",
                   x, y, width, height);
}

std::string svg_grid_down(double x, double y, double length) {
  return formatted("<path d=\"M%.1f %.1fv%.1f\" class=\"grid\"/>\n", x, y,
                   length);
}

std::string svg_grid_right(double x, double y, double length) {
  return formatted("<path d=\"M%.1f %.1fh%.1f\" class=\"grid\"/>\n", x, y,
                   length);
}

} // namespace sluice::apps
