// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A file of KV blocks in slots of one size, each with its name and a checksum.
// Survives the process however it ends: a slot that was not written whole fails
// its checksum and is empty. One process at a time. Used by disk_tier, which
// decides what is kept; this is the file alone.
//
//   0      identity (kv_identity, 64 bytes), slot bytes (u64), zeros
//   4096   slots of slot bytes each, a multiple of 4096:
//          key 16, age u64, payload bytes u64, SHA-256 of all else 32, payload
#pragma once

#include "device/kv/block_key.hpp"
#include "device/kv/kv_identity.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::device {

/// What a slot says of itself; its payload may still prove wrong.
struct slot_label {
  std::uint32_t slot = 0;
  block_key key{};
  std::uint64_t age = 0; ///< rises with each write
};

/// Move-only owner of one open file. Calls may come from several threads, for
/// different slots.
class block_file {
public:
  /// Opens or makes `path` for blocks of `block_bytes` bytes. A file with
  /// blocks of another identity or size begins anew, and `note` says so; one
  /// that is no such file at all is left alone. Throws model_error naming the
  /// file, also when another process has it.
  block_file(const std::filesystem::path& path, const kv_identity& identity,
             std::size_t block_bytes, std::string& note);
  ~block_file();
  block_file(block_file&& other) noexcept;
  block_file& operator=(block_file&&) = delete;

  /// Bytes that one slot takes.
  static std::size_t slot_bytes(std::size_t block_bytes);

  /// The slots that hold something, up to `slots` of them; those behind are cut
  /// off.
  std::vector<slot_label> labels(std::uint32_t slots);

  /// Writes a slot; the system's reason if it could not.
  std::optional<std::string> write(const slot_label& label,
                                   std::span<const std::byte> bytes);

  /// Reads a slot if it holds `label`, whole.
  bool read(const slot_label& label, std::span<std::byte> out) const;

private:
  void begin(const kv_identity& identity, std::string& note);
  void start_anew(const kv_identity& identity);
  std::uint64_t offset(std::uint32_t slot) const;

  std::filesystem::path path_;
  std::size_t block_bytes_;
  int file_ = -1;
};

} // namespace sluice::device
