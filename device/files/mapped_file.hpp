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

  // Hints about a part of bytes(); what lies outside of it is left alone.
  /// It will be read soon: the system may begin to fetch it.
  void expect(std::span<const std::byte> part) const noexcept;
  /// It was read: its whole pages leave this process's memory, not the
  /// system's file cache. Reading them again works, and costs a fault each.
  void release(std::span<const std::byte> part) const noexcept;
  const std::filesystem::path& path() const noexcept { return path_; }

private:
  void advise(std::span<const std::byte> part, int advice) const noexcept;

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::filesystem::path path_;
};

} // namespace sluice::device
