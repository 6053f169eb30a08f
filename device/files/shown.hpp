// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Text from a model file as it may stand in an error message: in quotes, cut
// short, and without bytes that a terminal would obey. Used by the readers of
// this folder; knows no format.
#pragma once

#include <string>
#include <string_view>

namespace sluice::device {

/// At most 80 bytes of `text` in double quotes; control and non-ASCII bytes
/// become '?'.
std::string shown(std::string_view text);

} // namespace sluice::device
