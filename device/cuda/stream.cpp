// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cuda/stream.hpp"

#include "device/cuda/check.hpp"

namespace sluice::device::cuda {

stream::stream() {
  check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking));
}

// A destructor must not throw; a failed release has no one to tell.
stream::~stream() {
  if (handle_)
    static_cast<void>(cudaStreamDestroy(handle_));
}

stream& stream::operator=(stream&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void stream::synchronize() const {
  check(cudaStreamSynchronize(handle_));
}

event::event() {
  check(cudaEventCreate(&handle_));
}

event::~event() {
  if (handle_)
    static_cast<void>(cudaEventDestroy(handle_));
}

event& event::operator=(event&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void event::record(const stream& where) {
  check(cudaEventRecord(handle_, where.get()));
}

void event::synchronize() const {
  check(cudaEventSynchronize(handle_));
}

float event::milliseconds_since(const event& start) const {
  float ms = 0;
  check(cudaEventElapsedTime(&ms, start.handle_, handle_));
  return ms;
}

} // namespace sluice::device::cuda
