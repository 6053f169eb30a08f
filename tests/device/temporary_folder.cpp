// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/device/temporary_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace sluice::device::testing {

namespace fs = std::filesystem;

temporary_folder::temporary_folder() {
  // Memory where there is some: the tests write thousands of small files.
  const fs::path memory = "/dev/shm";
  const auto parent =
      fs::is_directory(memory) ? memory : fs::temp_directory_path();
  auto pattern = (parent / "sluice-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder");
  }
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path temporary_folder::write(std::string_view name,
                                 std::string_view bytes) const {
  const auto file = path_ / name;
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file;
}

} // namespace sluice::device::testing
