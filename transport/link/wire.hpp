// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// frame.capnp as plain values. The only file besides wire.cpp that stands
// between Cap'n Proto and the rest; whatever a peer sends comes out as a value
// or as nothing.
#pragma once

#include "transport/link/credit_account.hpp"
#include "transport/link/prefix.hpp"

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sluice::transport::link {

using header_bytes = std::vector<std::byte>;
using token16 = std::array<std::byte, 16>;

/// Version of the protocol that this code speaks: from, to.
struct version_range {
  std::uint16_t least = 1;
  std::uint16_t most = 1;
};

struct progress {
  std::uint32_t channel = 0;
  std::uint64_t received = 0; ///< pieces, cumulative
  credit granted;             ///< totals
};

struct hello {
  version_range versions;
  std::string node;
  std::string cluster;
  std::vector<std::byte> graph_hash;
  token16 instance{};
  token16 session{};
  bool fresh = true;
  std::vector<link::progress> progress;
  std::uint32_t attempt = 1;
};

struct welcome {
  std::uint16_t version = 1;
  std::string node;
  token16 instance{};
  std::vector<link::progress> progress;
};

/// In the order of frame.capnp.
enum class refusal_reason : std::uint8_t {
  version,
  cluster,
  graph,
  identity,
  unknown_session,
  full,
  malformed,
};

struct refusal {
  refusal_reason reason = refusal_reason::malformed;
  std::string text;
};

struct progress_list {
  std::vector<progress> channels;
};
struct ping {};
struct goodbye {};
using control =
    std::variant<hello, welcome, refusal, progress_list, ping, goodbye>;

struct open_channel {
  std::string name;
  std::uint64_t max_message_bytes = 0;
};

enum class packing : std::uint8_t { none, zstd };

/// Describes the payload: body_bytes, then wire_bytes of the attachment.
struct message_head {
  std::uint32_t kind = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t attachment_bytes = 0;
  std::uint64_t wire_bytes = 0;
  link::packing packing = packing::none;
  element type = element::bytes;
  std::uint32_t rows = 0;
  std::uint32_t width = 0;
};

struct end_channel {};
using envelope = std::variant<open_channel, message_head, end_channel>;

header_bytes encode(const control& value);
header_bytes encode(const envelope& value);
/// Empty when `bytes` is not one, or says something impossible.
std::optional<control> decode_control(std::span<const std::byte> bytes);
std::optional<envelope> decode_envelope(std::span<const std::byte> bytes);

} // namespace sluice::transport::link
