// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The one exception of device/: a model file, tokenizer, template or request
// that cannot be used. Callers above device/ catch it once, at an actor's or a
// program's edge. Its text names the file, tensor or field and what is wrong.
#pragma once

#include <stdexcept>
#include <string>

namespace sluice::device {

/// A file or an argument is wrong. Never thrown for bugs (those assert).
class model_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace sluice::device
