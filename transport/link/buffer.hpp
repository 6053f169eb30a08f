// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Bytes that are shared, not copied: what a message carries and what a link
// reads into. A pool keeps the memory of large ones, because fresh pages cost
// more than filling them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::transport::link {

/// Immutable bytes and whatever keeps them alive. A value; cheap to copy.
class buffer {
public:
  buffer() = default;
  /// `bytes` must stay as they are while `owner` lives.
  buffer(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_{std::move(owner)}, bytes_{bytes} {}
  static buffer copy_of(std::span<const std::byte> bytes);
  static buffer copy_of(std::string_view text);

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const std::byte* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }
  std::string_view text() const noexcept;

private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

/// Memory for buffers in the making, aligned to 64 bytes. Thread-safe; what
/// was taken may outlive the pool.
class buffer_pool {
public:
  /// Keeps at most `kept_bytes` of memory that nobody uses.
  explicit buffer_pool(std::size_t kept_bytes);

  /// `size` bytes with whatever stands in them. Throws std::bad_alloc.
  std::shared_ptr<std::byte> take(std::size_t size);
  /// Bytes of unused memory held now.
  std::size_t kept() const;

private:
  struct store;
  std::shared_ptr<store> store_;
};

} // namespace sluice::transport::link
