// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Owner of device memory for `size` values of T: move-only, freed on
// destruction. Copies are queued on a stream and name both sides' sizes.
#pragma once

#include "device/cuda/check.hpp"
#include "device/cuda/stream.hpp"

#include <cassert>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace sluice::device::cuda {

template <class T>
class device_buffer {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  device_buffer() = default;
  /// `size` values, not initialised. Throws cuda_error when memory is short.
  explicit device_buffer(std::size_t size) : size_(size) {
    if (size != 0)
      check(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)));
  }
  ~device_buffer() {
    if (data_)
      static_cast<void>(cudaFree(data_));
  }
  device_buffer(device_buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  device_buffer& operator=(device_buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

  /// Queues a copy of `host` to values [first, first + host.size()).
  void write(std::span<const T> host, const stream& on, std::size_t first = 0) {
    assert(first + host.size() <= size_);
    check(cudaMemcpyAsync(data_ + first, host.data(), host.size_bytes(),
                          cudaMemcpyHostToDevice, on.get()));
  }

  /// Queues a copy of values [first, first + host.size()) to `host`.
  void read(std::span<T> host, const stream& on, std::size_t first = 0) const {
    assert(first + host.size() <= size_);
    check(cudaMemcpyAsync(host.data(), data_ + first, host.size_bytes(),
                          cudaMemcpyDeviceToHost, on.get()));
  }

private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace sluice::device::cuda
