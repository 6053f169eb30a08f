// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The fixed front of every frame, little-endian:
//
//   offset  bytes  field
//        0      4  length: bytes after the prefix, header and payload
//        4      4  header: bytes of the Cap'n Proto header
//        8      4  channel: 0 is the connection itself
//       12      4  checksum: CRC-32C of prefix (this field 0) and header
//       16      8  sequence: the piece's number in its channel, from 1
//       24      1  flags
//       25      1  priority: the sender's, for traces
//       26      6  zero
//
// The checksum stands for what decides where bytes go; TLS guards the rest, and
// without TLS a link never leaves the machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::transport::link {

inline constexpr std::size_t prefix_bytes = 32;
/// Cap'n Proto header of one frame, at most; a hello with 4096 channels fits.
inline constexpr std::size_t max_header_bytes = 256 * 1024;
/// Payload of one frame, at most: messages are cut into pieces.
inline constexpr std::size_t max_piece_bytes = 4 * 1024 * 1024;

enum frame_flag : std::uint8_t {
  first_piece = 1, ///< of a message; has an Envelope
  last_piece = 2,
};

struct frame_prefix {
  std::uint32_t length = 0;
  std::uint32_t header = 0;
  std::uint32_t channel = 0;
  std::uint32_t checksum = 0;
  std::uint64_t sequence = 0;
  std::uint8_t flags = 0;
  std::uint8_t priority = 0;
  bool operator==(const frame_prefix&) const = default;
};

using prefix_block = std::array<std::byte, prefix_bytes>;

/// Computes the checksum over `prefix` and `header`, whatever prefix.checksum
/// is.
prefix_block encode(const frame_prefix& prefix,
                    std::span<const std::byte> header);
/// `block` has prefix_bytes. Checks nothing.
frame_prefix decode_prefix(std::span<const std::byte> block);
/// The lengths are possible and the reserved bytes zero.
bool plausible(const frame_prefix& prefix, std::span<const std::byte> block);
/// The checksum is right.
bool genuine(const frame_prefix& prefix, std::span<const std::byte> block,
             std::span<const std::byte> header);

} // namespace sluice::transport::link
