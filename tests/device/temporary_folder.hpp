// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A folder of a test's own, for the files that it makes up.
#pragma once

#include <filesystem>
#include <string_view>

namespace sluice::device::testing {

/// Empty at first; goes away with the object.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Writes a file and returns its path.
  std::filesystem::path write(std::string_view name,
                              std::string_view bytes) const;

private:
  std::filesystem::path path_;
};

} // namespace sluice::device::testing
