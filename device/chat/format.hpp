// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Python's two string formattings: "%s" % x and "{}".format(x).
#pragma once

#include "device/chat/arguments.hpp"

namespace sluice::device::jinja {

/// `args` is one value, a tuple of values or, for %(name)s, a dict.
std::string percent_format(renderer& r, std::string_view format,
                           const value& args);
std::string brace_format(renderer& r, std::string_view format,
                         const arguments& args);

} // namespace sluice::device::jinja
