// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice bench model FILE: prompt and generation speed on this machine, as
// median and spread, beside the machine's measured ceilings.
#include "apps/sluice/command.hpp"
#include "apps/sluice/model_bench.hpp"
#include "apps/sluice/model_options.hpp"
#include "apps/sluice/progress_bar.hpp"
#include "device/cpu/ceilings.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <iostream>
#include <memory>

namespace sluice::apps {

namespace {

struct bench_options {
  model_options device;
  bench_plan plan;
  bool json = false;
};

void print_head(const device::model_files& files, const bench_result& result) {
  std::printf("%s: %s, %.1f M parameters, %s\n",
              files.path().filename().c_str(),
              std::string{files.weight_format()}.c_str(),
              static_cast<double>(files.parameters()) * 1e-6,
              format_bytes(files.weight_bytes()).c_str());
  std::printf("%s, %u threads; ceilings: read %.1f GB/s, int8 %.0f Gop/s; "
              "load %.0f ms\n",
              result.backend.c_str(), result.threads,
              result.ceilings.read_bytes_per_second * 1e-9,
              result.ceilings.integer_operations_per_second * 1e-9,
              result.load_ms);
  std::printf("%-24s %12s %20s %18s %20s\n", "test", "tok/s", "min .. max",
              "GB/s (share)", "Gop/s (share)");
}

void print_row(const bench_row& row, const device::cpu_ceilings& limits) {
  const auto read = 1e9 * row.gb_per_s / limits.read_bytes_per_second;
  const auto compute =
      1e9 * row.gop_per_s / limits.integer_operations_per_second;
  std::printf(
      "%-24s %12.1f %9.1f .. %7.1f %9.1f (%3.0f %%) %12.1f (%3.0f %%)\n",
      row.name.c_str(), row.median, row.least, row.most, row.gb_per_s,
      100 * read, row.gop_per_s, 100 * compute);
}

boost::json::object to_json(const bench_row& row) {
  return {{"name", row.name},
          {"tokens_per_s",
           {{"median", row.median}, {"min", row.least}, {"max", row.most}}},
          {"gb_per_s", row.gb_per_s},
          {"gop_per_s", row.gop_per_s}};
}

boost::json::object to_json(const device::model_files& files,
                            const bench_result& result) {
  boost::json::array rows;
  for (const auto& row : result.rows)
    rows.emplace_back(to_json(row));
  return {{"model", files.path().string()},
          {"format", files.weight_format()},
          {"parameters", files.parameters()},
          {"weight_bytes", files.weight_bytes()},
          {"backend", result.backend},
          {"threads", result.threads},
          {"load_ms", result.load_ms},
          {"ceilings",
           {{"read_gb_per_s", result.ceilings.read_bytes_per_second * 1e-9},
            {"int8_gop_per_s",
             result.ceilings.integer_operations_per_second * 1e-9}}},
          {"results", std::move(rows)}};
}

exit_code bench_model(const bench_options& options, bool quiet) {
  const auto files = device::model_files::open(options.device.model);
  local_device device{options.device};
  const auto result = [&] {
    progress_bar bar{"runs", !quiet && !options.json, progress_bar::unit::runs};
    return run_bench(files, device, options.plan,
                     [&](auto done, auto total) { bar.update(done, total); });
  }();
  if (options.json) {
    std::cout << to_json(files, result) << '\n';
    return exit_code::ok;
  }
  print_head(files, result);
  for (const auto& row : result.rows)
    print_row(row, result.ceilings);
  return exit_code::ok;
}

} // namespace

void add_bench(CLI::App& app, const global_options& global,
               selected_command& selected) {
  auto* bench = app.add_subcommand(
      "bench", "Measure speed: of a model file, a server, or links");
  bench->require_subcommand(1);
  add_bench_serve(*bench, global, selected);
  add_bench_link(*bench, global, selected);
  auto* command = bench->add_subcommand(
      "model", "Prompt and generation speed of a model file");
  auto options = std::make_shared<bench_options>();
  options->device.add_to(*command);
  auto& plan = options->plan;
  command->add_option("-p,--prompt", plan.prompt, "Prompt tokens; 0: skip")
      ->capture_default_str();
  command
      ->add_option("-n,--generate", plan.generate, "Tokens per answer; 0: skip")
      ->capture_default_str();
  command
      ->add_option("-b,--batch", plan.batches,
                   "Sequences at once, e.g. 1,16,32")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("-r,--repeat", plan.repeats, "Runs of each test")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] {
      return bench_model(*options, global.quiet);
    };
  });
}

} // namespace sluice::apps
