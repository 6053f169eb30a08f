// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/page_memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <utility>

namespace sluice::device {

namespace {

constexpr std::size_t small_page = 4096;
constexpr std::size_t large_page = std::size_t(2) << 20;

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + small_page - 1) / small_page * small_page;
}

std::byte* map(std::size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    throw std::bad_alloc();
  return static_cast<std::byte*>(p);
}

/// Maps `bytes` at a multiple of a large page, and gives back the slack.
std::byte* map_aligned(std::size_t bytes) {
  std::byte* raw = map(bytes + large_page);
  const std::size_t before =
      (large_page - reinterpret_cast<std::uintptr_t>(raw) % large_page)
      % large_page;
  if (before > 0)
    munmap(raw, before);
  if (before < large_page)
    munmap(raw + before + bytes, large_page - before);
  madvise(raw + before, bytes, MADV_HUGEPAGE); // only a wish
  return raw + before;
}

} // namespace

page_memory::page_memory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0)
    return;
  const std::size_t mapped = whole_pages(bytes);
  data_ = mapped >= large_page ? map_aligned(mapped) : map(mapped);
}

page_memory::~page_memory() {
  if (data_ != nullptr)
    munmap(data_, whole_pages(size_));
}

page_memory::page_memory(page_memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

page_memory& page_memory::operator=(page_memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

} // namespace sluice::device
