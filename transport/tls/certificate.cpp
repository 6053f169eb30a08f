// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/tls/certificate.hpp"

#include "transport/tls/openssl_ptr.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

namespace sluice::transport::tls {

namespace {

using extension_ptr =
    std::unique_ptr<X509_EXTENSION, openssl_free<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, openssl_free<BN_free>>;

[[noreturn]] void fail(const std::string& what) {
  const auto why = openssl_error();
  throw tls_error{what + (why.empty() ? "" : ": " + why)};
}

void require(bool done, const char* what) {
  if (!done)
    fail(std::string{"cannot make the certificate ("} + what + ")");
}

// Names end up in extensions that OpenSSL parses: only what a host name has.
void check_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
  if (name.empty() || name.size() > 64 || !plain)
    throw tls_error{"'" + name
                    + "' is no name: letters, digits, '-', '.' and "
                      "'_', at most 64"};
}

bool is_ip(const std::string& text) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(text, ec);
  return !ec;
}

key_ptr make_key(key_kind kind) {
  key_ptr out{kind == key_kind::p256
                  ? EVP_EC_gen("P-256")
                  : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  require(out != nullptr, "key");
  return out;
}

void set_serial(X509* certificate) {
  unsigned char bytes[16];
  require(RAND_bytes(bytes, sizeof bytes) == 1, "serial");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
  const number_ptr number{BN_bin2bn(bytes, sizeof bytes, nullptr)};
  require(number
              && BN_to_ASN1_INTEGER(number.get(),
                                    X509_get_serialNumber(certificate))
                     != nullptr,
          "serial");
}

void set_subject(X509* certificate, const std::string& name, const char* unit) {
  auto* subject = X509_get_subject_name(certificate);
  const auto add = [&](const char* field, const std::string& text) {
    require(X509_NAME_add_entry_by_txt(
                subject, field, MBSTRING_UTF8,
                reinterpret_cast<const unsigned char*>(text.data()),
                static_cast<int>(text.size()), -1, 0)
                == 1,
            "subject");
  };
  add("O", "Sluice");
  add("OU", unit);
  add("CN", name);
}

void add_extension(X509* certificate, X509* issuer, int kind,
                   const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const extension_ptr made{
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  require(made && X509_add_ext(certificate, made.get(), -1) == 1, "extension");
}

certificate_ptr begin(EVP_PKEY* key, std::chrono::seconds backdated,
                      std::chrono::seconds valid) {
  certificate_ptr out{X509_new()};
  require(out != nullptr, "memory");
  require(X509_set_version(out.get(), X509_VERSION_3) == 1, "version");
  set_serial(out.get());
  const auto now = std::time(nullptr);
  require(
      ASN1_TIME_set(X509_getm_notBefore(out.get()), now - backdated.count())
              != nullptr
          && ASN1_TIME_set(X509_getm_notAfter(out.get()), now + valid.count())
                 != nullptr,
      "validity");
  require(X509_set_pubkey(out.get(), key) == 1, "key");
  return out;
}

void sign(X509* certificate, EVP_PKEY* key) {
  // Ed25519 hashes by itself.
  const auto* digest =
      EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  require(X509_sign(certificate, key, digest) > 0, "signature");
}

std::string text_of(BIO* from) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(from, &data);
  return {data, static_cast<std::size_t>(size)};
}

issued to_pem(X509* certificate, EVP_PKEY* key) {
  const bio_ptr first{BIO_new(BIO_s_mem())};
  const bio_ptr second{BIO_new(BIO_s_mem())};
  require(first && second && PEM_write_bio_X509(first.get(), certificate) == 1
              && PEM_write_bio_PKCS8PrivateKey(second.get(), key, nullptr,
                                               nullptr, 0, nullptr, nullptr)
                     == 1,
          "PEM");
  return {text_of(first.get()), text_of(second.get())};
}

bio_ptr reader(const std::string& text) {
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

certificate_ptr read_certificate(const std::string& text) {
  certificate_ptr out{
      PEM_read_bio_X509(reader(text).get(), nullptr, nullptr, nullptr)};
  if (!out)
    fail("this is no PEM certificate");
  return out;
}

std::string alternative_names(const certificate_request& request) {
  auto out = "DNS:" + request.name;
  for (const auto& name : request.more_names) {
    if (!is_ip(name))
      check_name(name);
    out += (is_ip(name) ? ",IP:" : ",DNS:") + name;
  }
  return out;
}

} // namespace

issued make_authority(const std::string& cluster, key_kind kind,
                      std::chrono::hours valid) {
  check_name(cluster);
  const auto key = make_key(kind);
  const auto made = begin(key.get(), std::chrono::seconds{300}, valid);
  set_subject(made.get(), cluster, "ca");
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  add_extension(made.get(), made.get(), NID_basic_constraints,
                "critical,CA:TRUE,pathlen:0");
  add_extension(made.get(), made.get(), NID_key_usage,
                "critical,keyCertSign,cRLSign");
  add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  sign(made.get(), key.get());
  return to_pem(made.get(), key.get());
}

issued issue(const issued& authority, const certificate_request& request) {
  check_name(request.name);
  const auto names = alternative_names(request);
  const auto ca = read_certificate(authority.certificate);
  const key_ptr ca_key{PEM_read_bio_PrivateKey(reader(authority.key).get(),
                                               nullptr, nullptr, nullptr)};
  if (!ca_key || X509_check_private_key(ca.get(), ca_key.get()) != 1)
    fail("the CA's key does not belong to its certificate");
  const auto left = std::chrono::hours{24 * days_left(authority.certificate)};
  if (left.count() <= 0)
    throw tls_error{"the CA has expired, or does so within a day"};
  const auto key = make_key(request.key);
  const auto made = begin(key.get(), request.backdated,
                          std::min<std::chrono::hours>(request.valid, left));
  const bool node = request.role == holder::node;
  set_subject(made.get(), request.name, node ? "node" : "client");
  X509_set_issuer_name(made.get(), X509_get_subject_name(ca.get()));
  add_extension(made.get(), ca.get(), NID_basic_constraints,
                "critical,CA:FALSE");
  add_extension(made.get(), ca.get(), NID_key_usage,
                "critical,digitalSignature");
  add_extension(made.get(), ca.get(), NID_ext_key_usage,
                node ? "serverAuth,clientAuth" : "clientAuth");
  add_extension(made.get(), ca.get(), NID_subject_alt_name, names);
  add_extension(made.get(), ca.get(), NID_subject_key_identifier, "hash");
  add_extension(made.get(), ca.get(), NID_authority_key_identifier, "keyid");
  sign(made.get(), ca_key.get());
  return to_pem(made.get(), key.get());
}

long days_left(const std::string& certificate) {
  const auto from = read_certificate(certificate);
  int days = 0;
  int seconds = 0;
  require(
      ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(from.get()))
          == 1,
      "validity");
  return seconds < 0 ? days - 1 : days;
}

} // namespace sluice::transport::tls
