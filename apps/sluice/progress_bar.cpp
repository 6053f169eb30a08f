// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/progress_bar.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace sluice::apps {

namespace {

constexpr std::size_t width = 30;
constexpr std::chrono::milliseconds redraw{50};

} // namespace

progress_bar::progress_bar(std::string title, bool enabled, unit counts)
    : title_(std::move(title)), enabled_(enabled && isatty(STDERR_FILENO) == 1),
      counts_(counts) {}

progress_bar::~progress_bar() {
  finish();
}

void progress_bar::finish() {
  const std::lock_guard lock{mutex_};
  if (drawn_)
    std::fputs("\r\033[K", stderr);
  drawn_ = false;
  enabled_ = false;
}

void progress_bar::update(std::uint64_t done, std::uint64_t total) {
  const std::lock_guard lock{mutex_};
  if (!enabled_ || total == 0)
    return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && done < total && now - last_ < redraw)
    return;
  last_ = now;
  drawn_ = true;
  const auto filled = static_cast<std::size_t>(width * done / total);
  const auto amount = [this](std::uint64_t n) {
    return counts_ == unit::bytes ? format_bytes(n) : std::to_string(n);
  };
  const auto bar = std::string(filled, '#') + std::string(width - filled, '.');
  std::fprintf(stderr, "\r%s [%s] %s of %s\033[K", title_.c_str(), bar.c_str(),
               amount(done).c_str(), amount(total).c_str());
  std::fflush(stderr);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit)
    value /= 1000;
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), unit == 0 ? "%.0f %s" : "%.1f %s",
                value, units[unit]);
  return out.data();
}

} // namespace sluice::apps
