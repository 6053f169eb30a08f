// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Python's json.dumps of a template's value: the tojson filter.
#pragma once

#include "device/chat/value.hpp"

#include <optional>

namespace sluice::device::jinja {

struct json_style {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent; ///< one level's text
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

/// Throws fault for what JSON cannot hold.
std::string json_text(heap& memory, const value& v, const json_style& style);

} // namespace sluice::device::jinja
