// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice bench link: links against a plain socket, on this machine.
#include "apps/sluice/command.hpp"
#include "apps/sluice/link_bench.hpp"
#include "apps/sluice/progress_bar.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <iostream>
#include <memory>

namespace sluice::apps {

namespace {

constexpr std::array<const char*, carriers> names = {"socket", "link",
                                                     "link, TLS"};

struct link_bench_options {
  link_bench_plan plan;
  bool json = false;
};

std::string size_text(std::size_t bytes) {
  if (bytes >= 1 << 20 && bytes % (1 << 20) == 0)
    return std::to_string(bytes >> 20) + " MiB";
  if (bytes >= 1 << 10 && bytes % (1 << 10) == 0)
    return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes) + " B";
}

void print_rows(const std::vector<link_bench_row>& rows,
                const link_bench_plan& plan) {
  std::printf("Two processes on loopback, one I/O thread on each side of a "
              "link; median (min .. max)\nof %d runs, each carrier in turn; "
              "shares are of the plain socket's median.\n",
              plan.repeats);
  std::printf("%-8s %-10s %28s %7s %32s %7s\n", "frame", "carrier", "GB/s",
              "share", "round trip, us", "times");
  for (const auto& row : rows)
    for (const auto with : plan.only) {
      const auto c = static_cast<std::size_t>(with);
      const auto& rate = row.bytes_per_second[c];
      const auto& time = row.round_trip_seconds[c];
      const auto base_rate = row.bytes_per_second[0].median;
      const auto base_time = row.round_trip_seconds[0].median;
      std::printf("%-8s %-10s %8.3f (%7.3f .. %7.3f) %5.0f %% %10.1f (%8.1f .. "
                  "%8.1f) %6.2fx\n",
                  size_text(row.size).c_str(), names[c], rate.median * 1e-9,
                  rate.least * 1e-9, rate.most * 1e-9,
                  base_rate > 0 ? 100 * rate.median / base_rate : 0.0,
                  time.median * 1e6, time.least * 1e6, time.most * 1e6,
                  base_time > 0 ? time.median / base_time : 0.0);
    }
}

boost::json::object to_json(const summary& of, double scale) {
  return {{"median", of.median * scale},
          {"min", of.least * scale},
          {"max", of.most * scale}};
}

boost::json::object to_json(const std::vector<link_bench_row>& rows,
                            const link_bench_plan& plan) {
  boost::json::array out;
  for (const auto& row : rows)
    for (const auto with : plan.only) {
      const auto c = static_cast<std::size_t>(with);
      out.push_back(boost::json::object{
          {"frame_bytes", row.size},
          {"carrier", names[c]},
          {"gb_per_s", to_json(row.bytes_per_second[c], 1e-9)},
          {"round_trip_us", to_json(row.round_trip_seconds[c], 1e6)}});
    }
  return {{"ends", "two processes on loopback"},
          {"repeats", plan.repeats},
          {"results", std::move(out)}};
}

exit_code bench_link(const link_bench_options& options, bool quiet) {
  const auto rows = [&] {
    progress_bar bar{"runs", !quiet && !options.json, progress_bar::unit::runs};
    return run_link_bench(
        options.plan, [&](auto done, auto total) { bar.update(done, total); });
  }();
  if (options.json)
    std::cout << to_json(rows, options.plan) << '\n';
  else
    print_rows(rows, options.plan);
  return exit_code::ok;
}

} // namespace

void add_bench_link(CLI::App& bench, const global_options& global,
                    selected_command& selected) {
  static const std::map<std::string, carrier> kinds = {
      {"socket", carrier::socket},
      {"link", carrier::link},
      {"tls", carrier::tls_link}};
  auto* command = bench.add_subcommand(
      "link", "Links between nodes against a plain socket, on loopback");
  auto options = std::make_shared<link_bench_options>();
  auto& plan = options->plan;
  command->add_option("-s,--size", plan.sizes, "Frame sizes in bytes")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{1}, std::size_t{64} << 20))
      ->capture_default_str();
  command->add_option("-r,--repeat", plan.repeats, "Runs of each test")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--only", plan.only, "Carriers: socket, link, tls")
      ->delimiter(',')
      ->transform(
          CLI::CheckedTransformer(kinds).description("{socket,link,tls}"));
  command->add_flag("!--no-bandwidth", plan.bandwidth, "Round trips alone");
  command->add_flag("!--no-round-trip", plan.round_trip, "Bandwidth alone");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] {
      return bench_link(*options, global.quiet);
    };
  });
}

} // namespace sluice::apps
