// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Owners of one CUDA stream and one CUDA event: move-only, released on
// destruction. Work on a stream runs in order; events mark places in it.
#pragma once

#include <cuda_runtime_api.h>

#include <utility>

namespace sluice::device::cuda {

/// Owns a non-blocking stream of the current device.
class stream {
public:
  /// Throws cuda_error.
  stream();
  ~stream();
  stream(stream&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
  stream& operator=(stream&& other) noexcept;

  cudaStream_t get() const noexcept { return handle_; }
  /// Waits for everything queued so far. Throws what a queued call failed with.
  void synchronize() const;

private:
  cudaStream_t handle_ = nullptr;
};

/// Owns an event that can be timed.
class event {
public:
  event();
  ~event();
  event(event&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
  event& operator=(event&& other) noexcept;

  cudaEvent_t get() const noexcept { return handle_; }
  void record(const stream& where);
  void synchronize() const;
  /// Milliseconds from `start` to this event; both recorded and reached.
  float milliseconds_since(const event& start) const;

private:
  cudaEvent_t handle_ = nullptr;
};

} // namespace sluice::device::cuda
