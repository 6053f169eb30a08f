// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice cert, as an administrator meets it.
#include "tests/apps/process.hpp"
#include "transport/link/endpoint.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

namespace fs = std::filesystem;
namespace links = sluice::transport::link;
using sluice::test::run;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A folder that vanishes with the object.
class temporary_folder {
public:
  temporary_folder() {
    std::string name = (fs::temp_directory_path() / "cert-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~temporary_folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  fs::path path_;
};

unsigned mode_of(const std::string& path) {
  struct stat about {};
  BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

std::string content(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(cert)

BOOST_AUTO_TEST_CASE(made_certificates_join_two_nodes) {
  const temporary_folder folder;
  const auto certs = folder / "certs";
  const auto ca = run({"cert", "ca", "--cluster", "lab", "--dir", certs});
  BOOST_REQUIRE_MESSAGE(ca.code == 0, ca.err);
  BOOST_TEST(contains(ca.out, "sluice cert node NAME"), ca.out);
  for (const std::string name : {"n1", "n2"}) {
    const auto made = run({"cert", "node", name, "--san", "localhost", "--san",
                           "127.0.0.1", "--dir", certs});
    BOOST_REQUIRE_MESSAGE(made.code == 0, made.err);
    BOOST_TEST(contains(made.out, "Next: copy"), made.out);
  }
  for (const auto& entry : fs::directory_iterator{certs})
    BOOST_TEST(mode_of(entry.path()) == 0600u, entry.path());
  BOOST_TEST(mode_of(certs) == 0700u);

  const auto settings = [&](const std::string& name) {
    links::endpoint_settings out;
    out.node = name;
    out.cluster = "lab";
    out.credentials = sluice::transport::tls::read_credentials(certs, name);
    return out;
  };
  std::promise<bool> connected;
  links::endpoint one{settings("n1")};
  links::endpoint two{settings("n2")};
  const auto where = one.listen(
      {"127.0.0.1", 0}, [](const auto&) { return links::session_events{}; });
  links::session_events events;
  events.on_connection = [&, told = false](bool up) mutable {
    if (!std::exchange(told, true))
      connected.set_value(up);
  };
  const auto session = two.connect(where, "n1", events);
  auto future = connected.get_future();
  BOOST_REQUIRE(
      (future.wait_for(std::chrono::seconds{30}) == std::future_status::ready));
  BOOST_TEST(future.get());
  two.stop();
}

BOOST_AUTO_TEST_CASE(nothing_is_overwritten_without_force) {
  const temporary_folder folder;
  const auto certs = folder / "certs";
  BOOST_TEST(run({"cert", "ca", "-d", certs}).code == 0);
  const auto before = content(certs + "/ca.key");
  const auto again = run({"cert", "ca", "-d", certs});
  BOOST_TEST(again.code == 1);
  BOOST_TEST(contains(again.err, "--force"), again.err);
  BOOST_TEST(content(certs + "/ca.key") == before);
  // One of two is there: the other is not made either.
  BOOST_TEST(run({"cert", "node", "n1", "-d", certs}).code == 0);
  fs::remove(certs + "/n1.key");
  BOOST_TEST(run({"cert", "node", "n1", "-d", certs}).code == 1);
  BOOST_TEST(!fs::exists(certs + "/n1.key"));
  BOOST_TEST(run({"cert", "node", "n1", "-d", certs, "--force"}).code == 0);
  BOOST_TEST(mode_of(certs + "/n1.key") == 0600u);
  BOOST_TEST(run({"cert", "ca", "-d", certs, "--force"}).code == 0);
  BOOST_TEST(content(certs + "/ca.key") != before);
}

BOOST_AUTO_TEST_CASE(mistakes_say_what_to_do) {
  const temporary_folder folder;
  const auto certs = folder / "certs";
  const auto early = run({"cert", "node", "n1", "-d", certs});
  BOOST_TEST(early.code == 1);
  BOOST_TEST(contains(early.err, "sluice cert ca"), early.err);
  BOOST_TEST(run({"cert", "ca", "-d", certs, "--key", "ed25519"}).code == 0);
  BOOST_TEST(run({"cert", "client", "app", "-d", certs}).code == 0);
  BOOST_TEST(run({"cert", "node", "ca", "-d", certs}).code == 1);
  BOOST_TEST(run({"cert", "node", "../x", "-d", certs}).code == 1);
  BOOST_TEST(run({"cert", "node", "a b", "-d", certs}).code == 1);
  BOOST_TEST(run({"cert", "node", "-d", certs}).code == 2);
  BOOST_TEST(run({"cert"}).code == 2);
  BOOST_TEST(run({"cert", "node", "n", "--days", "0", "-d", certs}).code == 2);
}

BOOST_AUTO_TEST_CASE(a_short_bench_of_links_runs_and_prints_json) {
  const auto done =
      run({"bench", "link", "-s", "64,8192", "-r", "1", "--json"});
  BOOST_REQUIRE_MESSAGE(done.code == 0, done.err);
  BOOST_TEST(contains(done.out, "\"carrier\":\"link, TLS\""), done.out);
  BOOST_TEST(contains(done.out, "\"gb_per_s\""), done.out);
}

BOOST_AUTO_TEST_SUITE_END()
