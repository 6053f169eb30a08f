// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/heap.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::device::jinja {

void heap::spent() const {
  throw fault("the template does more work than a prompt can need (limit "
              + std::to_string(max_work >> 20) + " Mi units)");
}

char* heap::room(std::size_t bytes) {
  charge(bytes);
  if (static_cast<std::size_t>(end_ - next_) < bytes) {
    const std::size_t block = std::max<std::size_t>(bytes * 2, 16384);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
    next_ = blocks_.back().get();
    end_ = next_ + block;
  }
  char* at = next_;
  next_ += bytes;
  return at;
}

std::string_view heap::keep(std::string_view text) {
  if (text.empty())
    return "";
  char* at = room(text.size());
  std::memcpy(at, text.data(), text.size());
  return {at, text.size()};
}

std::string_view heap::join(std::string_view a, std::string_view b) {
  if (b.empty())
    return a;
  if (a.empty())
    return b;
  if (a.data() + a.size() == next_
      && static_cast<std::size_t>(end_ - next_) >= b.size()) {
    charge(b.size());
    std::memcpy(next_, b.data(), b.size());
    next_ += b.size();
    return {a.data(), a.size() + b.size()};
  }
  char* at = room(a.size() + b.size());
  std::memcpy(at, a.data(), a.size());
  std::memcpy(at + a.size(), b.data(), b.size());
  return {at, a.size() + b.size()};
}

} // namespace sluice::device::jinja
