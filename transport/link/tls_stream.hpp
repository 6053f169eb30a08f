// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// TLS over a byte_stream's socket. Used by byte_stream.cpp alone. Records are
// collected and sent together: one call for many of them instead of one each.
#pragma once

#include "transport/link/byte_stream.hpp"

namespace sluice::transport::link {

/// What a send or receive call returned, with errno as it left it.
io_result outcome(ssize_t result, bool reading);

class tls_stream final : public byte_stream {
public:
  tls_stream(tcp::socket socket, tls::ssl_ptr tls);

  io_result handshake(bool& for_write) override;
  io_result read(std::span<const iovec> parts) override;
  io_result write(std::span<const iovec> parts) override;
  io_result flush() override;
  bool is_secure() const noexcept override { return true; }
  std::vector<std::string> peer_names() const override;
  bool peer_is_node() const override;

  // What OpenSSL calls.
  int take(const char* data, int size);
  int give(BIO* bio, char* data, int size);

private:
  io_result send_sealed();
  io_result failure(int result);
  bool seal(std::span<const std::byte> bytes, io_result& out);

  mutable std::mutex tls_mutex_; // guards what follows
  tls::ssl_ptr tls_;
  std::vector<std::byte> sealed_; // records to be sent
  std::size_t sent_ = 0;          // of them
  std::vector<std::byte> small_;  // pieces that share a record
  io_result wire_;                // what the last receive call said
};

} // namespace sluice::transport::link
