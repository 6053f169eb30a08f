// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Between the structs of sluice.h and the classes of the C++ interface.
#pragma once

#include "sluice/runtime.hpp"
#include "sluice/sluice.h"

#include <map>

namespace sluice::apps {

/// A message and the struct that points into it.
struct message_view : sluice_message {
  explicit message_view(message what);
  message_view(const message_view&) = delete;
  message_view& operator=(const message_view&) = delete;

  message value;
  std::vector<const char*> label_pointers;
};

/// All of these throw error, bad_argument.
message to_message(const sluice_message& from);
request to_request(const sluice_request& from);
runtime_options to_options(const sluice_options& from);
actor_kind to_kind(const sluice_kind& from);

/// Points into `from`.
sluice_delta to_delta(const delta& from);

} // namespace sluice::apps

/// What an actor of a C host was told, as texts.
struct sluice_settings {
  std::map<std::string, std::string, std::less<>> values;
};

struct sluice_outputs {
  sluice::outputs real;
};
