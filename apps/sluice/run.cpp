// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice run: serves a graph, or a bare model, until SIGINT or SIGTERM.
#include "apps/bench_model/peak_memory.hpp"
#include "apps/sluice/command.hpp"
#include "apps/sluice/interrupt.hpp"
#include "apps/sluice/progress_bar.hpp"
#include "apps/sluice/served_graph.hpp"

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>

namespace sluice::apps {

namespace {

using clock = std::chrono::steady_clock;

struct run_options {
  serve_options serve;
  unsigned drain_seconds = 10; ///< that answers in flight get at the end
};

// A wildcard address is nothing that a browser can open.
std::string url_of(const std::string& where) {
  const auto colon = where.rfind(':');
  const auto host = where.substr(0, colon);
  const bool any = host.empty() || host == "0.0.0.0" || host == "[::]";
  return "http://" + (any ? "127.0.0.1" : host) + where.substr(colon);
}

/// Ends the process at once when the user asks a second time.
void end_at_second_signal() {
  std::thread{[] {
    wait_for_end();
    std::_Exit(static_cast<int>(exit_code::interrupted));
  }}.detach();
}

exit_code report(const close_report& done) {
  if (done.given_up != 0)
    spdlog::warn("{} requests were given up", done.given_up);
  if (done.killed != 0)
    spdlog::error("{} actors did not stop and were killed", done.killed);
  if (!done.books.empty())
    spdlog::error("KV blocks are not all free: {}", done.books);
  return done.clean() ? exit_code::ok : exit_code::failed;
}

/// Tells when requests are taken; ends the process's wait if they never will.
/// The reason goes to `failure`, which is read after the thread has ended.
std::jthread announce_readiness(served_graph& graph, std::string& failure) {
  return std::jthread{[&graph, &failure, start = clock::now()] {
    try {
      graph.wait_until_ready();
      const auto ms =
          std::chrono::duration<double, std::milli>(clock::now() - start);
      spdlog::info("ready after {:.0f} ms, peak memory {}", ms.count(),
                   format_bytes(peak_resident_bytes()));
    } catch (const std::exception& error) {
      failure = error.what();
      ::kill(::getpid(), SIGTERM);
    }
  }};
}

exit_code run(const run_options& options, bool quiet) {
  // Before any thread starts, so that only wait_for_end() sees them.
  block_end_signals();
  auto serve = options.serve;
  serve.drain = std::chrono::seconds{options.drain_seconds};
  served_graph graph{serve, quiet};
  std::printf("serving %s\n", url_of(graph.address()).c_str());
  std::fflush(stdout);
  std::string failure;
  auto announcer = announce_readiness(graph, failure);
  const auto signal = wait_for_end();
  end_at_second_signal();
  if (failure.empty())
    spdlog::info("{}: finishing what is in flight, at most {} s (again: at "
                 "once)",
                 signal == SIGINT ? "SIGINT" : "SIGTERM",
                 options.drain_seconds);
  const auto done = graph.stop();
  announcer.join();
  if (!failure.empty())
    throw std::runtime_error(failure);
  return report(done);
}

} // namespace

void add_run(CLI::App& app, const global_options& global,
             selected_command& selected) {
  auto* command =
      app.add_subcommand("run", "Serve a graph, or a bare model file");
  auto options = std::make_shared<run_options>();
  command
      ->add_option("GRAPH", options->serve.path,
                   "Graph file (.yaml), GGUF file or model folder")
      ->required();
  command->add_option("--placement", options->serve.placement,
                      "Placement file");
  command->add_option("--listen", options->serve.listen,
                      "Address in place of the graph's, e.g. 127.0.0.1:8080");
  command->add_option("-t,--threads", options->serve.threads,
                      "Compute threads (default: as the graph says, or all)");
  command
      ->add_option("--drain", options->drain_seconds,
                   "Seconds that requests in flight get at the end")
      ->capture_default_str();
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] { return run(*options, global.quiet); };
  });
}

} // namespace sluice::apps
