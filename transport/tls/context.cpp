// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/tls/context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace sluice::transport::tls {

namespace {

[[noreturn]] void fail(const std::string& what) {
  const auto why = openssl_error();
  throw tls_error{what + (why.empty() ? "" : ": " + why)};
}

bio_ptr reader(const std::string& text) {
  bio_ptr out{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  if (!out)
    fail("out of memory");
  return out;
}

certificate_ptr certificate_from(const std::string& text, const char* whose) {
  certificate_ptr out{
      PEM_read_bio_X509(reader(text).get(), nullptr, nullptr, nullptr)};
  if (!out)
    fail(std::string{whose} + " is no PEM certificate");
  return out;
}

void use(SSL_CTX* context, const credentials& own) {
  const auto authority = certificate_from(own.authority, "the CA's file");
  if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get())
      != 1)
    fail("cannot trust the CA");
  const auto certificate = certificate_from(own.certificate, "the certificate");
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1)
    fail("cannot use the certificate");
  const key_ptr key{PEM_read_bio_PrivateKey(reader(own.key).get(), nullptr,
                                            nullptr, nullptr)};
  if (!key)
    fail("the key's file is no PEM key");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1
      || SSL_CTX_check_private_key(context) != 1)
    fail("the certificate does not belong to the key");
}

} // namespace

std::string openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0)
    return {};
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

context::context(const credentials& own)
    : context_{SSL_CTX_new(TLS_method()), SSL_CTX_free} {
  if (!context_)
    fail("no TLS");
  auto* raw = context_.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION);
  // The cheapest first: it is what links spend most of their time on.
  SSL_CTX_set_ciphersuites(raw, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                "TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  SSL_CTX_set_verify_depth(raw, 1);
  // A link lives long: tickets would only be bytes to read.
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE
                            | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read for several records instead of two for each.
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_default_read_buffer_len(raw, 128 * 1024);
  use(raw, own);
}

ssl_ptr context::connecting(const std::string& peer) const {
  ssl_ptr out{SSL_new(context_.get())};
  if (!out)
    fail("out of memory");
  SSL_set_connect_state(out.get());
  if (!peer.empty()) {
    SSL_set_hostflags(out.get(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_set1_host(out.get(), peer.c_str());
  }
  return out;
}

ssl_ptr context::accepting() const {
  ssl_ptr out{SSL_new(context_.get())};
  if (!out)
    fail("out of memory");
  SSL_set_accept_state(out.get());
  return out;
}

std::vector<std::string> names_of_peer(const SSL& connection) {
  std::vector<std::string> out;
  const certificate_ptr peer{SSL_get1_peer_certificate(&connection)};
  if (!peer)
    return out;
  const std::unique_ptr<GENERAL_NAMES, openssl_free<GENERAL_NAMES_free>> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
          peer.get(), NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* one = sk_GENERAL_NAME_value(names.get(), i);
    if (one->type != GEN_DNS)
      continue;
    const auto* text = one->d.dNSName;
    const auto* first =
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
    out.emplace_back(first, first + ASN1_STRING_length(text));
  }
  return out;
}

bool peer_is_node(const SSL& connection) {
  const certificate_ptr peer{SSL_get1_peer_certificate(&connection)};
  return peer && X509_check_purpose(peer.get(), X509_PURPOSE_SSL_SERVER, 0) == 1
         && X509_check_purpose(peer.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1;
}

} // namespace sluice::transport::tls
