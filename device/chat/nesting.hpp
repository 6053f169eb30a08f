// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Counts how deep the parser is, so that a hostile template cannot exhaust
// the stack. Used by the parser's source files alone.
#pragma once

#include "device/chat/parser.hpp"

namespace sluice::device::jinja {

class parser::nesting {
public:
  explicit nesting(parser& p) : parser_(p) {
    if (++parser_.nesting_ > max_nesting)
      parser_.fail(parser_.peek().line, "nested deeper than "
                                            + std::to_string(max_nesting)
                                            + " levels");
  }
  ~nesting() { --parser_.nesting_; }
  nesting(const nesting&) = delete;
  nesting& operator=(const nesting&) = delete;

private:
  parser& parser_;
};

} // namespace sluice::device::jinja
