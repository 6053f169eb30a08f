// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Arguments of a call, filter or test, and Python's binding of them to
// parameter names. Used by everything a template can call.
#pragma once

#include "device/chat/value.hpp"

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::device::jinja {

struct arguments {
  std::vector<value> positional;
  std::vector<std::pair<std::string_view, value>> named;
};

/// What a filter or a method is: `self` is what stands before | or the dot.
using operation = value (*)(renderer&, const value& self, const arguments&);
using predicate = bool (*)(renderer&, const value& self, const arguments&);

/// Arguments by parameter, null where none was given. Throws fault, in
/// Python's words, for missing, surplus and unknown ones.
class bound_arguments {
public:
  bound_arguments(std::string_view callee, const arguments& args,
                  std::initializer_list<std::string_view> parameters,
                  std::size_t required = 0);

  const value* operator[](std::size_t i) const { return found_[i]; }
  bool has(std::size_t i) const { return found_[i] != nullptr; }
  bool is_none(std::size_t i) const;
  std::string_view text(std::size_t i, std::string_view otherwise = {}) const;
  std::int64_t integer(std::size_t i, std::int64_t otherwise) const;
  bool flag(std::size_t i, bool otherwise) const;

private:
  std::string_view callee_;
  std::array<const value*, 6> found_{};
};

} // namespace sluice::device::jinja
