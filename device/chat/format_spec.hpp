// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One formatted field: fill, sign, width, precision and type, shared by
// Python's two string formattings.
#pragma once

#include "device/chat/value.hpp"

namespace sluice::device::jinja {

struct format_spec {
  std::string fill = " ";
  char align = 0; ///< < > ^ =, or 0: by type
  char sign = '-';
  bool alternate = false;
  char grouping = 0;           ///< , or _
  std::int64_t width = 0;      ///< code points
  std::int64_t precision = -1; ///< -1: none
  char type = 0;
};

/// Throws fault for a type letter that does not fit the value.
std::string format_value(heap& memory, const value& v, format_spec spec);

} // namespace sluice::device::jinja
