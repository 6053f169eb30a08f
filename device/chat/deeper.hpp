// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Counts how deep a render is in expressions, statements and calls, so that
// no template exhausts the stack. Used by the renderer's source files alone.
#pragma once

#include "device/chat/renderer.hpp"

namespace sluice::device::jinja {

class renderer::deeper {
public:
  explicit deeper(renderer& r) : renderer_(r) {
    if (renderer_.depth_ >= max_depth)
      throw fault("expressions and blocks are nested deeper than "
                  + std::to_string(max_depth) + " levels");
    ++renderer_.depth_;
  }
  ~deeper() { --renderer_.depth_; }
  deeper(const deeper&) = delete;
  deeper& operator=(const deeper&) = delete;

private:
  renderer& renderer_;
};

} // namespace sluice::device::jinja
