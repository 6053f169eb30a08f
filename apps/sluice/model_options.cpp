// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/model_options.hpp"

namespace sluice::apps {

namespace {

unsigned thread_count(const model_options& options) {
  return options.threads != 0 ? options.threads : device::available_cores();
}

device::isa chosen_isa(const model_options& options) {
  return device::isa_named(options.isa).value_or(device::best_isa());
}

} // namespace

void model_options::add_to(CLI::App& command) {
  command.add_option("MODEL", model, "GGUF file or model folder")->required();
  command.add_option("-t,--threads", threads,
                     "Compute threads (default: every core)");
  command.add_option("--isa", isa, "Instruction set")
      ->check(CLI::IsMember({"best", "reference", "avx2", "avx512_vnni",
                             "avx512_bf16", "neon_dotprod"}))
      ->capture_default_str();
}

local_device::local_device(const model_options& options)
    : path(chosen_isa(options)), pool(thread_count(options)),
      cpu(device::make_cpu_backend(pool, path)) {}

} // namespace sluice::apps
