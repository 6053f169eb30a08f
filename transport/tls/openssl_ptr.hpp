// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Owners of OpenSSL's objects, and its errors as text. Used inside
// transport/tls and transport/link; no other header needs OpenSSL.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace sluice::transport::tls {

template <auto Free>
struct openssl_free {
  template <class T>
  void operator()(T* value) const noexcept {
    Free(value);
  }
};

using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;
using ssl_ptr = std::unique_ptr<SSL, openssl_free<SSL_free>>;

/// The oldest error of this thread's queue, which is emptied; "" when none.
std::string openssl_error();

} // namespace sluice::transport::tls
