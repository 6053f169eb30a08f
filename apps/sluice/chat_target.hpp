// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Whom `chat` and `ask` talk to: a server that runs already, or a model or
// graph file that this process runs for itself, without a port.
#pragma once

#include "apps/sluice/answerer.hpp"
#include "apps/sluice/served_graph.hpp"
#include "transport/address.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace sluice::apps {

struct target_options {
  std::string path; ///< model or graph file; empty: use url
  std::string url = "http://127.0.0.1:8080";

  void add_to(CLI::App& command);
};

/// Adds the options of a conversation to a command.
void add_chat_options(CLI::App& command, chat_options& options);

/// "http://host:port" or "host:port". Throws std::invalid_argument.
transport::address parse_server_url(const std::string& url);

/// When a model of this process may be asked.
enum class answering {
  once_loaded,  ///< all its weights are in
  while_loading ///< the answer waits for what it needs
};

/// Can be asked once it is built; stops what it started.
class chat_target {
public:
  chat_target(const target_options& options, bool quiet,
              answering when = answering::once_loaded);

  answerer& who() const noexcept { return *who_; }
  /// Since this process began to open the model; nothing for a --url.
  std::optional<double> milliseconds_since_start() const;
  /// Clears the progress bar's line: before the first text.
  void end_progress();

private:
  std::optional<std::chrono::steady_clock::time_point> start_;
  std::unique_ptr<served_graph> graph_;
  std::unique_ptr<answerer> who_;
};

} // namespace sluice::apps
