// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// JSON that people read: one value a line, two spaces deeper at each level.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace sluice::graph {

/// Text with a newline at its end.
std::string indented(const boost::json::value& value);

} // namespace sluice::graph
