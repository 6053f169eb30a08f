// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Ctrl-C as a question instead of an end: while an object lives, SIGINT only
// raises a flag, and blocking reads return.
#pragma once

#include <csignal>

namespace sluice::apps {

/// One at a time; restores what SIGINT did before.
class interrupt_guard {
public:
  interrupt_guard();
  ~interrupt_guard();
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

  /// Whether Ctrl-C came since the last clear().
  bool raised() const noexcept;
  void clear() noexcept;

private:
  struct sigaction before_ {};
};

/// Blocks SIGINT and SIGTERM in the calling thread and those it starts; call it
/// before the first thread. wait_for_end() then receives them.
void block_end_signals();

/// Waits for SIGINT or SIGTERM and returns which it was.
int wait_for_end();

} // namespace sluice::apps
