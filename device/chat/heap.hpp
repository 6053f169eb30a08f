// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The memory and work budget of one render. Everything a template makes lives
// here and is freed at once; every operation pays for what it touches, so a
// hostile template ends with an error, never with the machine's memory or time.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device::jinja {

/// A template's failure, before the line is known. Leaves device/chat only as
/// model_error.
class fault : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Work units: one byte made or one byte searched; a step costs 16.
inline constexpr std::size_t max_work = std::size_t{512} << 20;

class heap {
public:
  heap() = default;
  heap(const heap&) = delete;
  heap& operator=(const heap&) = delete;

  /// Pays for `units` of work. Throws fault when the budget is spent.
  void charge(std::size_t units) {
    if (units > left_)
      spent();
    left_ -= units;
  }

  std::pmr::memory_resource* memory() { return &containers_; }

  /// A copy that lives as long as this heap.
  std::string_view keep(std::string_view text);
  /// a + b. Extends a in place when it was the last text made, so building a
  /// long text piece by piece stays linear.
  std::string_view join(std::string_view a, std::string_view b);

  template <class T, class... Args>
  T* make(Args&&... args) {
    charge(sizeof(T));
    void* at = containers_.allocate(sizeof(T), alignof(T));
    return new (at) T(std::forward<Args>(args)...);
  }

private:
  [[noreturn]] void spent() const;
  char* room(std::size_t bytes);

  std::size_t left_ = max_work;
  std::pmr::monotonic_buffer_resource containers_{8192};
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr; ///< first free byte of the last block
  char* end_ = nullptr;
};

} // namespace sluice::device::jinja
