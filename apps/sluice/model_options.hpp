// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The options that commands on a bare model share: which file, how many
// threads, which instruction set; and the backend made from them.
#pragma once

#include "device/cpu/cpu_backend.hpp"
#include "device/cpu/thread_pool.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace sluice::apps {

/// What the user chose.
struct model_options {
  std::string model;
  unsigned threads = 0; ///< 0: every core this process may use
  std::string isa = "best";

  void add_to(CLI::App& command);
};

/// A thread pool and the backend that runs on it.
struct local_device {
  explicit local_device(const model_options& options);

  device::isa path;
  device::thread_pool pool;
  std::unique_ptr<device::backend> cpu;
};

} // namespace sluice::apps
