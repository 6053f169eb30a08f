// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Mutual TLS: who has the cluster's certificate gets in, and nobody else.
#include "peers.hpp"
#include "tests/transport/http/raw_socket.hpp"
#include "transport/tls/certificate.hpp"
#include "transport/tls/openssl_ptr.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

using namespace sluice::test;
using namespace std::chrono_literals;
namespace tls = sluice::transport::tls;
using link::end_reason;
using link::fault;

namespace {

const link::channel_options edge{"edge"};

struct cluster {
  tls::issued authority =
      tls::make_authority("test", tls::key_kind::p256, 24h * 3650);

  tls::credentials credentials(const tls::certificate_request& request) const {
    const auto made = tls::issue(authority, request);
    return {authority.certificate, made.certificate, made.key};
  }
  link::endpoint_settings settings(const tls::certificate_request& request,
                                   const std::string& node) const {
    auto out = plain_settings(node);
    out.insecure = false;
    out.credentials = credentials(request);
    return out;
  }
  link::endpoint_settings settings(const std::string& node) const {
    return settings({node}, node);
  }
};

const cluster& ours() {
  static const cluster one;
  return one;
}

// The client's end, when it tries to connect to a good server.
watched::end attempt(const link::endpoint_settings& client_settings,
                     fault expected, const std::string& peer = "server") {
  server_peer server{ours().settings("server")};
  watched client;
  link::endpoint endpoint{client_settings};
  client.session =
      endpoint.connect(server.address, peer, client.session_events());
  const auto end = client.ends.take();
  const auto seen = endpoint.counters().of(expected)
                    + server.endpoint.counters().of(expected);
  BOOST_TEST(seen >= 1u, to_string(expected));
  BOOST_TEST(server.sessions.size() == 0u);
  endpoint.stop();
  return end;
}

tls::certificate_ptr parse(const std::string& pem) {
  const tls::bio_ptr in{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  return tls::certificate_ptr{
      PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(secure_links)

BOOST_AUTO_TEST_CASE(nodes_of_one_cluster_talk) {
  server_peer server{ours().settings("server"), edge, plenty};
  watched client;
  link::endpoint endpoint{ours().settings("client")};
  client.session =
      endpoint.connect(server.address, "server", client.session_events());
  client.open(1, edge)->grant(plenty);
  const std::string large(5'000'000, 'x');
  for (std::uint32_t i = 0; i < 20; ++i)
    send_all(client, text_message(i, "b", i % 5 == 0 ? large : "small"));
  const auto guest = server.sessions.take();
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto got = guest->messages.take();
    BOOST_TEST(got.kind == i);
    BOOST_TEST((got.attachment.text() == (i % 5 == 0 ? large : "small")));
  }
  send_all(*guest, text_message(1, "back"));
  BOOST_TEST(client.messages.take().body.text() == "back");
  client.session->close();
  BOOST_TEST((client.ends.take().how == end_reason::closed));
  BOOST_TEST((guest->ends.take().how == end_reason::closed));
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(ed25519_works_as_well) {
  cluster other;
  other.authority =
      tls::make_authority("test", tls::key_kind::ed25519, 24h * 10);
  tls::certificate_request request{"server"};
  request.key = tls::key_kind::ed25519;
  server_peer server{other.settings(request, "server")};
  watched client;
  link::endpoint endpoint{other.settings("client")};
  client.session =
      endpoint.connect(server.address, "server", client.session_events());
  BOOST_TEST(client.connections.take());
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_authority_is_refused) {
  const cluster other;
  auto settings = other.settings("client");
  auto end = attempt(settings, fault::bad_certificate);
  BOOST_TEST((end.how == end_reason::refused), end.why);
  // It trusts ours, but ours does not trust it.
  settings.credentials.authority = ours().authority.certificate;
  end = attempt(settings, fault::bad_certificate);
  BOOST_TEST((end.how == end_reason::refused), end.why);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused) {
  tls::certificate_request request{"client"};
  request.valid = -1h;
  request.backdated = 7200s;
  const auto end =
      attempt(ours().settings(request, "client"), fault::bad_certificate);
  BOOST_TEST((end.how == end_reason::refused), end.why);
  BOOST_TEST(end.why.find("expired") != std::string::npos, end.why);
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_valid_yet_is_refused) {
  tls::certificate_request request{"client"};
  request.backdated = -3600s;
  const auto end =
      attempt(ours().settings(request, "client"), fault::bad_certificate);
  BOOST_TEST((end.how == end_reason::refused), end.why);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_does_not_make_a_node) {
  tls::certificate_request request{"client"};
  request.role = tls::holder::client;
  const auto end =
      attempt(ours().settings(request, "client"), fault::bad_certificate);
  BOOST_TEST((end.how == end_reason::refused), end.why);
  BOOST_TEST(end.why.find("no node's") != std::string::npos, end.why);
}

BOOST_AUTO_TEST_CASE(a_node_must_be_who_its_certificate_says) {
  const auto settings = ours().settings({"client"}, "somebody");
  const auto end = attempt(settings, fault::wrong_identity);
  BOOST_TEST((end.how == end_reason::refused), end.why);
}

BOOST_AUTO_TEST_CASE(a_server_with_another_name_is_refused) {
  const auto end =
      attempt(ours().settings("client"), fault::bad_certificate, "another");
  BOOST_TEST((end.how == end_reason::refused), end.why);
}

BOOST_AUTO_TEST_CASE(plain_and_foreign_peers_are_cut) {
  server_peer server{ours().settings("server")};
  raw_socket http{server.address.port};
  http.send("GET / HTTP/1.1\r\n\r\n");
  http.read_all();
  raw_socket hello{server.address.port};
  hello.send(std::string(1000, '\x16'));
  hello.read_all();
  watched client;
  auto settings = plain_settings("client");
  settings.resume_window = 50ms;
  link::endpoint endpoint{settings};
  client.session =
      endpoint.connect(server.address, "server", client.session_events());
  client.ends.take();
  BOOST_TEST(server.endpoint.counters().of(fault::foreign_protocol) >= 3u);
  BOOST_TEST(server.sessions.size() == 0u);
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(wrong_files_say_what_is_wrong) {
  auto settings = ours().settings("client");
  const auto refused = [&](auto change) -> std::string {
    auto bad = settings;
    change(bad.credentials);
    try {
      const link::endpoint endpoint{bad};
    } catch (const tls::tls_error& error) {
      return error.what();
    }
    return {};
  };
  BOOST_TEST(refused([](auto& c) {
               c.key = "";
             }).starts_with("the key's file is no PEM key"));
  BOOST_TEST(refused([](auto& c) {
               c.authority = "x";
             }).starts_with("the CA's file is no PEM certificate"));
  const auto other = tls::issue(ours().authority, {"other"});
  BOOST_TEST(refused([&](auto& c) {
               c.key = other.key;
             }).starts_with("the certificate does not belong to the key"));
  BOOST_CHECK_THROW(tls::read_credentials("/nowhere", "n"), tls::tls_error);
}

BOOST_AUTO_TEST_CASE(certificates_say_what_they_are_for) {
  tls::certificate_request request{"n1"};
  request.more_names = {"n1.example.org", "192.0.2.7", "2001:db8::1"};
  request.valid = 24h * 30;
  const auto made = tls::issue(ours().authority, request);
  const auto days = tls::days_left(made.certificate);
  BOOST_TEST((days == 29 || days == 30));
  const auto node = parse(made.certificate);
  const auto ca = parse(ours().authority.certificate);
  BOOST_TEST(X509_check_host(node.get(), "n1.example.org", 0, 0, nullptr) == 1);
  BOOST_TEST(X509_check_host(node.get(), "n1", 0, 0, nullptr) == 1);
  BOOST_TEST(X509_check_host(node.get(), "n2", 0, 0, nullptr) == 0);
  BOOST_TEST(X509_check_ip_asc(node.get(), "192.0.2.7", 0) == 1);
  BOOST_TEST(X509_check_ip_asc(node.get(), "2001:db8::1", 0) == 1);
  BOOST_TEST(X509_check_ca(node.get()) == 0);
  BOOST_TEST(X509_check_ca(ca.get()) == 1);
  BOOST_TEST(X509_get_key_usage(node.get()) == KU_DIGITAL_SIGNATURE);
  BOOST_TEST(X509_get_extended_key_usage(node.get())
             == (XKU_SSL_SERVER | XKU_SSL_CLIENT));
  BOOST_TEST(X509_get_key_usage(ca.get()) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  request.role = tls::holder::client;
  const auto client = parse(tls::issue(ours().authority, request).certificate);
  BOOST_TEST(X509_get_extended_key_usage(client.get()) == XKU_SSL_CLIENT);
}

BOOST_AUTO_TEST_CASE(a_certificate_never_outlives_its_authority) {
  const auto short_lived =
      tls::make_authority("c", tls::key_kind::p256, 24h * 3);
  const auto made = tls::issue(short_lived, {"n1"});
  BOOST_TEST(tls::days_left(made.certificate) <= 3);
  const auto dying = tls::make_authority("c", tls::key_kind::p256, 1h);
  BOOST_CHECK_THROW(tls::issue(dying, {"n1"}), tls::tls_error);
}

BOOST_AUTO_TEST_CASE(odd_names_are_refused) {
  for (const std::string name : {"", "a b", "a,DNS:b", "x\n", "\xc3\xa4"}) {
    BOOST_CHECK_THROW(tls::issue(ours().authority, {name}), tls::tls_error);
    BOOST_CHECK_THROW(tls::make_authority(name, tls::key_kind::p256, 24h),
                      tls::tls_error);
  }
  tls::certificate_request request{"n"};
  request.more_names = {"a,email:b"};
  BOOST_CHECK_THROW(tls::issue(ours().authority, request), tls::tls_error);
}

BOOST_AUTO_TEST_SUITE_END()
