// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Zeroed memory straight from the system, in large pages where they fit:
// weights and KV blocks are read from end to end, and small pages cost a
// look-up each.
#pragma once

#include <cstddef>

namespace sluice::device {

/// Owns `size()` bytes aligned to at least 64. Move-only.
class page_memory {
public:
  page_memory() = default;
  /// Throws std::bad_alloc.
  explicit page_memory(std::size_t bytes);
  ~page_memory();
  page_memory(page_memory&& other) noexcept;
  page_memory& operator=(page_memory&& other) noexcept;

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace sluice::device
