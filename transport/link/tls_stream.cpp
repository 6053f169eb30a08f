// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/tls_stream.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

#include <sys/socket.h>

namespace sluice::transport::link {

namespace {

constexpr std::size_t record_bytes = 16 * 1024; // TLS's largest
// Records that are collected before the system is called.
constexpr std::size_t batch_bytes = 128 * 1024;

int bio_write(BIO* bio, const char* data, int size) {
  return static_cast<tls_stream*>(BIO_get_data(bio))->take(data, size);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  return static_cast<tls_stream*>(BIO_get_data(bio))->give(bio, data, size);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// OpenSSL's table of functions; one for all, never changed.
BIO_METHOD* bio_method() {
  static const std::unique_ptr<BIO_METHOD, tls::openssl_free<BIO_meth_free>>
      method = [] {
        std::unique_ptr<BIO_METHOD, tls::openssl_free<BIO_meth_free>> out{
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
                         "sluice link")};
        BIO_meth_set_write(out.get(), bio_write);
        BIO_meth_set_read(out.get(), bio_read);
        BIO_meth_set_ctrl(out.get(), bio_control);
        BIO_meth_set_create(out.get(), bio_create);
        return out;
      }();
  return method.get();
}

// What the peer's certificate or ours did not pass.
bool concerns_certificate(unsigned long code) {
  switch (ERR_GET_REASON(code)) {
  case SSL_R_CERTIFICATE_VERIFY_FAILED:
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
  case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
  case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
  case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    return true;
  default:
    return false;
  }
}

} // namespace

tls_stream::tls_stream(tcp::socket socket, tls::ssl_ptr tls)
    : byte_stream{std::move(socket)}, tls_{std::move(tls)} {
  tls::bio_ptr bio{BIO_new(bio_method())};
  if (!bio)
    throw tls::tls_error{"out of memory"};
  BIO_set_data(bio.get(), this);
  BIO_up_ref(bio.get()); // one reference for each direction
  SSL_set0_rbio(tls_.get(), bio.get());
  SSL_set0_wbio(tls_.get(), bio.release());
}

int tls_stream::take(const char* data, int size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  sealed_.insert(sealed_.end(), first, first + size);
  return size;
}

int tls_stream::give(BIO* bio, char* data, int size) {
  wire_ = outcome(
      ::recv(descriptor(), data, static_cast<std::size_t>(size), MSG_DONTWAIT),
      true);
  if (wire_.blocked)
    BIO_set_retry_read(bio);
  return wire_.bytes > 0 ? static_cast<int>(wire_.bytes)
                         : (wire_.ended && wire_.error.empty() ? 0 : -1);
}

io_result tls_stream::send_sealed() {
  while (sent_ < sealed_.size()) {
    const iovec rest{sealed_.data() + sent_, sealed_.size() - sent_};
    auto out = send_plain({&rest, 1});
    if (out.blocked || out.ended)
      return out;
    sent_ += out.bytes;
  }
  sealed_.clear();
  sent_ = 0;
  return {};
}

io_result tls_stream::failure(int result) {
  io_result out;
  switch (SSL_get_error(tls_.get(), result)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE:
    out.blocked = true;
    break;
  case SSL_ERROR_ZERO_RETURN:
    out.ended = true;
    break;
  default: {
    out.ended = true;
    out.tls_refused = concerns_certificate(ERR_peek_error());
    const auto verify = SSL_get_verify_result(tls_.get());
    out.error = tls::openssl_error();
    if (verify != X509_V_OK)
      out.error += std::string{": "} + X509_verify_cert_error_string(verify);
    if (out.error.empty())
      out.error = wire_.error;
    // An alert may tell the peer why; it is worth one try.
    send_sealed();
  }
  }
  return out;
}

io_result tls_stream::handshake(bool& for_write) {
  const std::lock_guard lock{tls_mutex_};
  for_write = false;
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.get());
  auto out = result == 1 ? io_result{} : failure(result);
  if (out.ended)
    return out;
  auto sent = send_sealed();
  if (sent.ended || sent.blocked) {
    for_write = sent.blocked;
    return sent;
  }
  return out;
}

io_result tls_stream::read(std::span<const iovec> parts) {
  const std::lock_guard lock{tls_mutex_};
  io_result out;
  for (const auto& part : parts) {
    auto* to = static_cast<char*>(part.iov_base);
    for (std::size_t left = part.iov_len; left > 0;) {
      ERR_clear_error();
      const int got =
          SSL_read(tls_.get(), to,
                   static_cast<int>(std::min<std::size_t>(left, INT_MAX)));
      if (got <= 0) {
        auto why = failure(got);
        why.bytes = out.bytes;
        // What was read first comes first; the next call says the rest.
        why.blocked = why.blocked && out.bytes == 0;
        why.ended = why.ended && out.bytes == 0;
        return why;
      }
      to += got;
      left -= static_cast<std::size_t>(got);
      out.bytes += static_cast<std::size_t>(got);
    }
  }
  return out;
}

// Encrypts; false when the connection is broken.
bool tls_stream::seal(std::span<const std::byte> bytes, io_result& out) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const auto size = std::min(bytes.size(), record_bytes);
    const int done =
        SSL_write(tls_.get(), bytes.data(), static_cast<int>(size));
    if (done <= 0) {
      const auto written = out.bytes;
      out = failure(done);
      out.ended = true;
      out.bytes = written;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

io_result tls_stream::write(std::span<const iovec> parts) {
  const std::lock_guard lock{tls_mutex_};
  io_result out = send_sealed();
  std::size_t part = 0;
  std::size_t offset = 0;
  while (part < parts.size() && !out.blocked && !out.ended) {
    // A large run goes into records as it lies, small ones share one.
    small_.clear();
    std::span<const std::byte> run;
    while (part < parts.size()) {
      const auto& at = parts[part];
      run = {static_cast<const std::byte*>(at.iov_base) + offset,
             std::min(at.iov_len - offset, record_bytes - small_.size())};
      const bool alone = small_.empty() && run.size() == record_bytes;
      if (!alone)
        small_.insert(small_.end(), run.begin(), run.end());
      offset += run.size();
      if (offset == at.iov_len) {
        ++part;
        offset = 0;
      }
      if (alone || small_.size() == record_bytes)
        break;
    }
    const auto next = small_.empty() ? run : std::span<const std::byte>{small_};
    const auto size = next.size();
    if (!seal(next, out))
      return out;
    const auto before = out.bytes + size;
    if (sealed_.size() >= batch_bytes || part == parts.size())
      out = send_sealed();
    out.bytes = before;
  }
  return out;
}

io_result tls_stream::flush() {
  const std::lock_guard lock{tls_mutex_};
  return send_sealed();
}

std::vector<std::string> tls_stream::peer_names() const {
  const std::lock_guard lock{tls_mutex_};
  return tls::names_of_peer(*tls_);
}

bool tls_stream::peer_is_node() const {
  const std::lock_guard lock{tls_mutex_};
  return tls::peer_is_node(*tls_);
}

} // namespace sluice::transport::link
