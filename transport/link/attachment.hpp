// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a channel's options do to attachments: bf16 on the wire, zstd for slow
// zones. Pure functions of bytes; the memory comes from a pool.
#pragma once

#include "transport/link/wire.hpp"

namespace sluice::transport::link {

/// f32 -> bf16 when it is f32 of a whole number of elements, else as it is.
void narrow(message& what, buffer_pool& pool);
/// bf16 -> f32, likewise.
void widen(message& what, buffer_pool& pool);

/// zstd at `level`; empty when that saves nothing.
std::optional<buffer> compress(const buffer& bytes, int level,
                               buffer_pool& pool);
/// Exactly `size` bytes, or nothing: the peer sent something else.
std::optional<buffer> decompress(std::span<const std::byte> bytes,
                                 std::size_t size, buffer_pool& pool);

} // namespace sluice::transport::link
