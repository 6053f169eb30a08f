// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice bench model FILE: prefill and decode speed on this machine, as median
// and spread, beside the machine's measured ceilings.
#include "apps/bench_model/model_bench.hpp"
#include "apps/plot/plot_file.hpp"
#include "apps/sluice/command.hpp"
#include "apps/sluice/model_bench_text.hpp"
#include "apps/sluice/model_options.hpp"
#include "apps/sluice/progress_bar.hpp"

#include <iostream>
#include <memory>

namespace sluice::apps {

namespace {

struct bench_options {
  model_options device;
  bench_plan plan;
  bool json = false;
  std::string plot_file;
};

exit_code bench_model(const bench_options& options, bool quiet) {
  const auto files = device::model_files::open(options.device.model);
  local_device device{options.device};
  const auto result = [&] {
    progress_bar bar{"runs", !quiet && !options.json, progress_bar::unit::runs};
    return run_bench(files, {*device.cpu, device.pool, device.path},
                     options.plan,
                     [&](auto done, auto total) { bar.update(done, total); });
  }();
  if (options.json)
    std::cout << json_of(files, result) << '\n';
  else
    std::cout << table_of(files, result);
  if (!options.plot_file.empty())
    write_plot(options.plot_file, roofline_svg(roofline_of(files, result)));
  return exit_code::ok;
}

void add_plan_options(CLI::App& command, bench_plan& plan) {
  command
      .add_option("-p,--prompt", plan.prompts,
                  "Tokens of each prompt, e.g. 64,512; 0: none")
      ->delimiter(',')
      ->capture_default_str();
  command
      .add_option("-n,--generate", plan.generate, "Tokens per answer; 0: none")
      ->capture_default_str();
  command
      .add_option("-b,--batch", plan.batches, "Answers at once, e.g. 1,16,32")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      .add_option("-c,--context", plan.context,
                  "Tokens that each answer has before it")
      ->capture_default_str();
  command.add_option("-r,--repeat", plan.repeats, "Runs of each test")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
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
      "model", "Prefill and decode speed of a model file, as shares of what "
               "the machine can do");
  auto options = std::make_shared<bench_options>();
  options->device.add_to(*command);
  add_plan_options(*command, options->plan);
  command->add_flag("--json", options->json, "Print JSON");
  command
      ->add_option("--plot", options->plot_file,
                   "Write the roofline: .svg, or .png with rsvg-convert")
      ->check(parsed_by(check_plot_path));
  command->footer(
      "Prompts and batched answers are held against the multiplies and adds of "
      "the\nweights' format (int8 or bf16), single answers against the bytes "
      "that memory\ngives. GB/s counts packed weights and, for answers, keys "
      "and values; Gop/s\ncounts the matrices that tokens meet, 2 per weight, "
      "the output matrix only for\ntokens whose logits are wanted.");
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] {
      return bench_model(*options, global.quiet);
    };
  });
}

} // namespace sluice::apps
