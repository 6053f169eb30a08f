// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/tls/credentials.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace sluice::transport::tls {

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  if (in)
    out << in.rdbuf();
  if (!in)
    throw tls_error{"cannot read " + path.string() + ": "
                    + std::strerror(errno)};
  return std::move(out).str();
}

} // namespace

credentials read_credentials(const std::filesystem::path& folder,
                             const std::string& name) {
  return {read_file(folder / "ca.crt"), read_file(folder / (name + ".crt")),
          read_file(folder / (name + ".key"))};
}

} // namespace sluice::transport::tls
