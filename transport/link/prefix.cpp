// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/prefix.hpp"

#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>

namespace sluice::transport::link {

namespace {

using crc_32c =
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
constexpr std::size_t checksum_at = 12;

template <class T>
T load(std::span<const std::byte> block, std::size_t at) {
  return boost::endian::endian_load<T, sizeof(T), boost::endian::order::little>(
      reinterpret_cast<const unsigned char*>(block.data() + at));
}

template <class T>
void store(prefix_block& block, std::size_t at, T value) {
  boost::endian::endian_store<T, sizeof(T), boost::endian::order::little>(
      reinterpret_cast<unsigned char*>(block.data() + at), value);
}

std::uint32_t checksum_of(std::span<const std::byte> block,
                          std::span<const std::byte> header) {
  constexpr std::uint32_t zero = 0;
  crc_32c sum;
  sum.process_bytes(block.data(), checksum_at);
  sum.process_bytes(&zero, sizeof zero);
  sum.process_bytes(block.data() + checksum_at + 4,
                    prefix_bytes - checksum_at - 4);
  sum.process_bytes(header.data(), header.size());
  return sum.checksum();
}

} // namespace

prefix_block encode(const frame_prefix& prefix,
                    std::span<const std::byte> header) {
  prefix_block out{};
  store(out, 0, prefix.length);
  store(out, 4, prefix.header);
  store(out, 8, prefix.channel);
  store(out, 16, prefix.sequence);
  store(out, 24, prefix.flags);
  store(out, 25, prefix.priority);
  store(out, checksum_at, checksum_of(out, header));
  return out;
}

frame_prefix decode_prefix(std::span<const std::byte> block) {
  return {load<std::uint32_t>(block, 0),  load<std::uint32_t>(block, 4),
          load<std::uint32_t>(block, 8),  load<std::uint32_t>(block, 12),
          load<std::uint64_t>(block, 16), load<std::uint8_t>(block, 24),
          load<std::uint8_t>(block, 25)};
}

bool plausible(const frame_prefix& prefix, std::span<const std::byte> block) {
  return prefix.header <= max_header_bytes && prefix.header <= prefix.length
         && prefix.length - prefix.header <= max_piece_bytes
         && prefix.header % 8 == 0 && (prefix.flags & ~3u) == 0
         && load<std::uint16_t>(block, 26) == 0
         && load<std::uint32_t>(block, 28) == 0;
}

bool genuine(const frame_prefix& prefix, std::span<const std::byte> block,
             std::span<const std::byte> header) {
  return prefix.checksum == checksum_of(block, header);
}

} // namespace sluice::transport::link
