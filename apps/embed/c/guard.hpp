// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What every function of the C interface shares: exceptions become codes, the
// text is kept for the handle, and structs of any age are read by their size.
#pragma once

#include "sluice/error.hpp"
#include "sluice/sluice.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace sluice::apps {

/// A copy for the caller, from malloc; null when there is no memory.
char* copy_text(const std::string& text) noexcept;

/// Runs `work` and gives the text of what it throws to `tell`.
template <class Work, class Tell>
sluice_code guarded(Work work, Tell tell) noexcept {
  try {
    try {
      work();
      return SLUICE_OK;
    } catch (const error& why) {
      tell(why.what());
      return static_cast<sluice_code>(why.code());
    } catch (const std::exception& why) {
      tell(why.what());
    } catch (...) {
      tell("an exception that is no std::exception");
    }
  } catch (...) {
    // Not even the text could be kept.
  }
  return SLUICE_FAILED;
}

/// Throws error, bad_argument: "'what' is a null pointer".
template <class T>
T& needed(T* pointer, const char* what) {
  if (!pointer)
    throw error(error_code::bad_argument,
                "'" + std::string(what) + "' is a null pointer");
  return *pointer;
}

inline std::string text_or_empty(const char* text) {
  return text ? text : "";
}

/// The caller's struct over the defaults of this library: members that it does
/// not know keep them.
template <class T>
T sized(const T& from, void (*init)(T*)) {
  if (from.size < sizeof from.size)
    throw error(error_code::bad_argument,
                "a struct's size is not set: call its _init function first");
  T out;
  init(&out);
  std::memcpy(static_cast<void*>(&out), &from, std::min(from.size, sizeof out));
  return out;
}

/// The other way: writes what the caller's struct has room for.
template <class T>
void give(const T& from, T& to) {
  const auto size = to.size;
  if (size < sizeof size)
    throw error(error_code::bad_argument,
                "a struct's size is not set: call its _init function first");
  std::memcpy(static_cast<void*>(&to), &from, std::min(size, sizeof from));
  to.size = size;
}

} // namespace sluice::apps
