// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/chat_target.hpp"

#include "apps/sluice/http_answerer.hpp"
#include "apps/sluice/local_answerer.hpp"
#include "transport/http/client.hpp"

#include <boost/url/parse.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace sluice::apps {

void target_options::add_to(CLI::App& command) {
  command.add_option("--url", url, "Server to talk to")->capture_default_str();
}

void add_chat_options(CLI::App& command, chat_options& options) {
  command.add_option("--system", options.system, "System message");
  command.add_option("--served-model", options.model,
                     "Model name to ask for (default: the server's)");
  command.add_option("--api-key", options.api_key, "Key of the server");
  command.add_option("--temperature", options.temperature,
                     "0 is greedy (default: the server's)");
  command.add_option("--seed", options.seed, "Seed of the sampling");
  command.add_option("--max-tokens", options.max_tokens,
                     "Longest answer in tokens");
}

transport::address parse_server_url(const std::string& url) {
  const auto refuse = [&](const char* why) {
    return std::invalid_argument("--url " + url + ": " + why);
  };
  if (const auto plain = transport::parse_address(url))
    return *plain;
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed)
    throw refuse("write it as http://host:port");
  if (parsed->scheme() != "http")
    throw refuse("only http:// is spoken here");
  auto host = std::string{parsed->host_address()};
  if (host.empty())
    throw refuse("it names no host");
  const auto port = parsed->port_number();
  return {std::move(host), port != 0 ? port : std::uint16_t{80}};
}

namespace {

constexpr std::chrono::seconds load_patience{300};
constexpr std::chrono::milliseconds health_interval{50};

/// Returns once the server takes requests, or after a while: then the question
/// itself will be told why not.
void wait_while_loading(const transport::address& server) {
  transport::http::client client{server};
  const auto end = std::chrono::steady_clock::now() + load_patience;
  try {
    while (client.send("GET", "/health").status == 503
           && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(health_interval);
  } catch (const transport::http::http_error& error) {
    throw transport::http::http_error(
        std::string{error.what()}
        + "; start a server with 'sluice run GRAPH', or name a model file");
  }
}

} // namespace

chat_target::chat_target(const target_options& options, bool quiet,
                         answering when) {
  if (options.path.empty()) {
    const auto server = parse_server_url(options.url);
    wait_while_loading(server);
    who_ = std::make_unique<http_answerer>(server);
    return;
  }
  start_ = std::chrono::steady_clock::now();
  graph_ = std::make_unique<served_graph>(
      serve_options{.path = options.path, .serve = false}, quiet);
  if (when == answering::once_loaded)
    graph_->wait_until_ready();
  else
    graph_->wait_until_accepting();
  who_ = std::make_unique<local_answerer>(graph_->runtime());
}

std::optional<double> chat_target::milliseconds_since_start() const {
  if (!start_)
    return std::nullopt;
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now() - *start_)
      .count();
}

void chat_target::end_progress() {
  if (graph_)
    graph_->end_progress();
}

} // namespace sluice::apps
