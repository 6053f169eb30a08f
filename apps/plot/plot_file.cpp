// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/plot/plot_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace sluice::apps {

namespace {

namespace fs = std::filesystem;

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
