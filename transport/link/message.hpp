// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a channel carries: a small body that its owner wrote, and an optional
// large attachment (hidden states, KV blocks) that is never copied on the way
// out. Knows nothing of what the bytes mean.
#pragma once

#include "transport/link/buffer.hpp"

#include <any>
#include <cstdint>

namespace sluice::transport::link {

/// What an attachment consists of.
enum class element : std::uint8_t {
  bytes, ///< anything
  f32,
  bf16,
};

/// A value.
struct message {
  std::uint32_t kind = 0; ///< the owner's number for what this is
  buffer body;            ///< usually a Cap'n Proto message of the owner's
  buffer attachment;      ///< [rows, width] of `type` when it is a tensor
  element type = element::bytes;
  std::uint32_t rows = 0;
  std::uint32_t width = 0;
  /// The body as an object, for receivers in the same process: it is moved, and
  /// `encode` is not called. A link calls `encode` to make the body and leaves
  /// `value` behind.
  std::any value;
  buffer (*encode)(const std::any& value) = nullptr;

  /// Bytes that credit is counted in.
  std::size_t size() const noexcept { return body.size() + attachment.size(); }
};

} // namespace sluice::transport::link
