// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice cert ca|node|client: the certificates that let nodes join a cluster.
#include "apps/sluice/command.hpp"
#include "apps/sluice/private_file.hpp"
#include "transport/tls/certificate.hpp"

#include <cstdio>
#include <memory>

namespace sluice::apps {

namespace {

namespace fs = std::filesystem;
using namespace transport;

struct cert_options {
  fs::path folder = "certs";
  std::string name;
  std::vector<std::string> more_names;
  tls::key_kind key = tls::key_kind::p256;
  int days = 0;
  bool force = false;
};

constexpr auto authority_name = "ca";

// Both or neither: found out before anything is made.
void require_free(const cert_options& options, const std::string& stem) {
  for (const auto* ending : {".crt", ".key"})
    if (const auto path = options.folder / (stem + ending);
        !options.force && fs::exists(path))
      throw std::runtime_error{path.string()
                               + " exists already (--force replaces it)"};
}

void save(const cert_options& options, const std::string& stem,
          const tls::issued& made) {
  if (fs::create_directories(options.folder))
    fs::permissions(options.folder, fs::perms::owner_all);
  const auto path = options.folder / stem;
  write_private_file(path.string() + ".key", made.key, options.force);
  write_private_file(path.string() + ".crt", made.certificate, options.force);
  std::printf("%s.crt, %s.key: valid for %ld days\n", path.c_str(),
              path.c_str(), tls::days_left(made.certificate));
}

exit_code make_ca(const cert_options& options) {
  require_free(options, authority_name);
  save(options, authority_name,
       tls::make_authority(options.name, options.key,
                           std::chrono::hours{24 * options.days}));
  const auto folder = options.folder.string();
  std::printf(
      "Next: a certificate for each node, made on this machine:\n"
      "  sluice cert node NAME --san HOST --dir %s\n"
      "Keep %s/ca.key here: who has it can let anybody into the cluster.\n",
      folder.c_str(), folder.c_str());
  return exit_code::ok;
}

tls::issued read_authority(const cert_options& options) {
  try {
    const auto read = tls::read_credentials(options.folder, authority_name);
    return {read.certificate, read.key};
  } catch (const tls::tls_error& error) {
    throw tls::tls_error{std::string{error.what()}
                         + "; 'sluice cert ca' makes the cluster's CA"};
  }
}

exit_code make_member(const cert_options& options, tls::holder role) {
  if (options.name == authority_name)
    throw std::runtime_error{"'ca' is the authority's own name"};
  require_free(options, options.name);
  tls::certificate_request request;
  request.name = options.name;
  request.more_names = options.more_names;
  request.role = role;
  request.key = options.key;
  request.valid = std::chrono::hours{24 * options.days};
  save(options, options.name, tls::issue(read_authority(options), request));
  const auto* name = options.name.c_str();
  const auto* folder = options.folder.c_str();
  if (role == tls::holder::node)
    std::printf("Next: copy %s/ca.crt, %s/%s.crt and %s/%s.key to the machine "
                "of node '%s', over a channel that you trust, and to no "
                "other.\n",
                folder, folder, name, folder, name, name);
  else
    std::printf("Next: give %s/ca.crt, %s/%s.crt and %s/%s.key to the client; "
                "it may ask nodes, and cannot be one.\n",
                folder, folder, name, folder, name);
  return exit_code::ok;
}

void add_options(CLI::App& command, cert_options& options) {
  static const std::map<std::string, tls::key_kind> kinds = {
      {"p256", tls::key_kind::p256}, {"ed25519", tls::key_kind::ed25519}};
  command.add_option("-d,--dir", options.folder, "Where the files lie")
      ->capture_default_str();
  command.add_option("--days", options.days, "How long it is valid")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  command.add_option("--key", options.key, "p256 or ed25519")
      ->transform(CLI::CheckedTransformer(kinds, CLI::ignore_case)
                      .description("{p256,ed25519}"))
      ->default_str("p256");
  command.add_flag("--force", options.force, "Replace files that exist");
}

void add_member(CLI::App& cert, selected_command& selected, tls::holder role) {
  const bool node = role == tls::holder::node;
  auto* command = cert.add_subcommand(
      node ? "node" : "client", node ? "A certificate for a node of the cluster"
                                     : "A certificate for who only asks nodes");
  auto options = std::make_shared<cert_options>();
  options->days = 365;
  command->add_option("NAME", options->name, "Its name in the cluster")
      ->required();
  command->add_option("--san", options->more_names,
                      "More host names or IP addresses; may be repeated");
  add_options(*command, *options);
  command->callback([options, role, &selected] {
    selected.run = [options, role] { return make_member(*options, role); };
  });
}

} // namespace

void add_cert(CLI::App& app, const global_options&,
              selected_command& selected) {
  auto* cert = app.add_subcommand(
      "cert", "Make the certificates that let nodes join a cluster");
  cert->require_subcommand(1);
  auto* ca = cert->add_subcommand("ca", "The cluster's own authority, once");
  auto options = std::make_shared<cert_options>();
  options->name = "sluice";
  options->days = 3650;
  ca->add_option("--cluster", options->name, "The cluster's name")
      ->capture_default_str();
  add_options(*ca, *options);
  ca->callback([options, &selected] {
    selected.run = [options] { return make_ca(*options); };
  });
  add_member(*cert, selected, tls::holder::node);
  add_member(*cert, selected, tls::holder::client);
}

} // namespace sluice::apps
