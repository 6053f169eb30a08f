// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Owner of one read-only memory-mapped file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace sluice::device {

/// Move-only owner of a mapping; unmapped on destruction.
class mapped_file {
public:
  mapped_file() = default;
  /// Throws model_error naming the file and the system's reason.
  explicit mapped_file(const std::filesystem::path& path);
  ~mapped_file();
  mapped_file(mapped_file&& other) noexcept;
  mapped_file& operator=(mapped_file&& other) noexcept;

  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

  /// Whether `part` lies in bytes().
  bool contains(std::span<const std::byte> part) const noexcept;
  /// Hint: this part of bytes() will be read soon, so that the system may begin
  /// to fetch it.
  void expect(std::span<const std::byte> part) const noexcept;
  /// Copies out.size() bytes of bytes() from `from` on, without mapping them
  /// in: no fault per page, and no page that stays in this process's memory.
  /// Throws model_error when the file cannot be read or has become shorter.
  void read(std::span<std::byte> out, const std::byte* from) const;
  const std::filesystem::path& path() const noexcept { return path_; }

private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int descriptor_ = -1; ///< of a file that is not empty
  std::filesystem::path path_;
};

} // namespace sluice::device
