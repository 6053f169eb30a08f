// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Whether this thread is inside a callback of a host: there, what would wait
// for that very thread is refused instead of waiting for ever.
#pragma once

namespace sluice::apps {

/// What a callback holds up while it runs.
enum class callback_kind {
  delivery, ///< deltas and taps: other answers wait behind it
  own_actor ///< a host's actor, which has a thread to itself
};

/// Marks this thread as being inside a callback.
class callback_scope {
public:
  explicit callback_scope(callback_kind kind) noexcept;
  ~callback_scope();
  callback_scope(const callback_scope&) = delete;
  callback_scope& operator=(const callback_scope&) = delete;

private:
  callback_kind kind_;
};

bool in_callback() noexcept;

/// Throws error, misuse, inside any callback: for what stops threads.
void refuse_in_callback(const char* what);
/// Throws error, misuse, where deltas would wait behind the caller.
void refuse_in_delivery(const char* what);

} // namespace sluice::apps
