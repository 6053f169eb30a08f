// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// JSON Schema's `format`s as regular expressions for the whole string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::device {

/// Nothing for a format that is not supported.
std::optional<std::string> format_pattern(std::string_view format);

/// "date, time, ...": for messages.
std::string_view format_names();

} // namespace sluice::device
