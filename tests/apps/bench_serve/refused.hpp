// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a call throws at wrong input, as text.
#pragma once

#include <exception>
#include <string>

namespace sluice::test {

template <class Call>
std::string refusal(Call call) {
  try {
    call();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

} // namespace sluice::test
