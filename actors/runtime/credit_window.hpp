// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Credits of one edge: how many messages a producer may still send, and when
// its consumer grants more. Pure bookkeeping for both ends: the model's
// scheduler and postprocess use it for step_outputs. Prompts need none: a
// model's queue is bounded and refuses what does not fit.
#pragma once

#include <cassert>
#include <cstdint>

namespace sluice::actors {

/// step_outputs that may be under way between a model and its postprocess.
inline constexpr std::uint32_t step_window = 32;

/// The producer's end. It starts with a full window.
class credit_window {
public:
  explicit credit_window(std::uint32_t size) : size_{size}, left_{size} {}

  std::uint32_t available() const noexcept { return left_; }
  /// Spends one, or says no: then wait for a grant.
  bool take() noexcept {
    if (left_ == 0)
      return false;
    --left_;
    return true;
  }
  /// Never more than the window: what was not taken cannot come back.
  void grant(std::uint32_t count) noexcept {
    assert(count <= size_ - left_);
    left_ += count;
  }

private:
  std::uint32_t size_;
  std::uint32_t left_;
};

/// The consumer's end: grants half a window at a time, so that grants cost
/// little and the producer never runs dry.
class credit_meter {
public:
  explicit credit_meter(std::uint32_t size) : batch_{size > 1 ? size / 2 : 1} {}

  /// One message was consumed; returns what to grant now, mostly 0.
  std::uint32_t consume() noexcept {
    if (++used_ < batch_)
      return 0;
    used_ = 0;
    return batch_;
  }

private:
  std::uint32_t batch_;
  std::uint32_t used_ = 0;
};

} // namespace sluice::actors
