// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Cutting and replacing text as Python does; used by filters and methods.
#pragma once

#include "device/chat/value.hpp"

namespace sluice::device::jinja {

/// At white space. `limit` < 0: no limit; `right`: count it from the end.
value split_words(renderer& r, std::string_view text, std::int64_t limit,
                  bool right);
value split_at(renderer& r, std::string_view text, std::string_view separator,
               std::int64_t limit, bool right);
value split_lines(renderer& r, std::string_view text, bool keep_ends);
value replace_all(renderer& r, std::string_view text, std::string_view from,
                  std::string_view to, std::int64_t limit);

} // namespace sluice::device::jinja
