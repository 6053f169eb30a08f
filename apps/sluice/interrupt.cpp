// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/interrupt.hpp"

#include <pthread.h>

#include <atomic>

namespace sluice::apps {

namespace {

// A signal handler can reach nothing but a global.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

} // namespace

interrupt_guard::interrupt_guard() {
  interrupted = false;
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  // No SA_RESTART: a read at the prompt has to return.
  sigaction(SIGINT, &action, &before_);
}

interrupt_guard::~interrupt_guard() {
  sigaction(SIGINT, &before_, nullptr);
}

bool interrupt_guard::raised() const noexcept {
  return interrupted;
}

void interrupt_guard::clear() noexcept {
  interrupted = false;
}

void block_end_signals() {
  const auto set = end_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int wait_for_end() {
  const auto set = end_signals();
  int signal = 0;
  sigwait(&set, &signal);
  return signal;
}

} // namespace sluice::apps
