// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/buffer.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

namespace sluice::transport::link {

namespace {

constexpr std::align_val_t alignment{64};
// Below this, the allocator is as good as a pool.
constexpr std::size_t least_pooled = 16 * 1024;

std::byte* allocate(std::size_t size) {
  return static_cast<std::byte*>(::operator new(size, alignment));
}

void release(std::byte* memory) noexcept {
  ::operator delete(memory, alignment);
}

} // namespace

buffer buffer::copy_of(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return {};
  auto owner = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
  std::memcpy(owner.get(), bytes.data(), bytes.size());
  const std::span<const std::byte> view{owner.get(), bytes.size()};
  return {std::move(owner), view};
}

buffer buffer::copy_of(std::string_view text) {
  return copy_of(std::as_bytes(std::span{text.data(), text.size()}));
}

std::string_view buffer::text() const noexcept {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

struct buffer_pool::store {
  explicit store(std::size_t limit) : most{limit} {}
  ~store() {
    for (auto& list : free)
      for (auto* memory : list)
        release(memory);
  }
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  std::mutex mutex;
  std::size_t most;
  std::size_t kept = 0;
  std::array<std::vector<std::byte*>, 64> free; // by the power of two

  std::byte* take(unsigned power) {
    {
      const std::lock_guard lock{mutex};
      auto& list = free[power];
      if (!list.empty()) {
        // The last one put back: it is still in the cache.
        auto* memory = list.back();
        list.pop_back();
        kept -= std::size_t{1} << power;
        return memory;
      }
    }
    return allocate(std::size_t{1} << power);
  }

  void give(std::byte* memory, unsigned power) noexcept {
    const auto size = std::size_t{1} << power;
    {
      const std::lock_guard lock{mutex};
      if (kept + size <= most) {
        try {
          free[power].push_back(memory);
          kept += size;
          return;
        } catch (const std::bad_alloc&) { // no room to remember it
        }
      }
    }
    release(memory);
  }
};

buffer_pool::buffer_pool(std::size_t kept_bytes)
    : store_{std::make_shared<store>(kept_bytes)} {}

std::shared_ptr<std::byte> buffer_pool::take(std::size_t size) {
  if (size < least_pooled)
    return {allocate(size), release};
  const auto power = static_cast<unsigned>(std::bit_width(size - 1));
  return {store_->take(power), [home = store_, power](std::byte* memory) {
            home->give(memory, power);
          }};
}

std::size_t buffer_pool::kept() const {
  const std::lock_guard lock{store_->mutex};
  return store_->kept;
}

} // namespace sluice::transport::link
