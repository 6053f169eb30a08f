// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/regex.hpp"

#include "device/error.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <new>

namespace sluice::device {

namespace {

std::string reason_of(int code) {
  std::array<PCRE2_UCHAR, 128> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

} // namespace

struct match_space::impl {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  ~impl() { pcre2_match_data_free(data); }
};

match_space::match_space() : impl_(std::make_unique<impl>()) {
  if (impl_->data == nullptr)
    throw std::bad_alloc();
}
match_space::~match_space() = default;
match_space::match_space(match_space&&) noexcept = default;
match_space& match_space::operator=(match_space&&) noexcept = default;

struct regex::impl {
  pcre2_code* code = nullptr;
  bool compiled_to_machine_code = false;
  std::string pattern;
  ~impl() { pcre2_code_free(code); }
};

regex::regex(std::string_view pattern) : impl_(std::make_unique<impl>()) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  impl_->pattern = pattern;
  impl_->code = pcre2_compile(units(pattern), pattern.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
                              &error, &offset, nullptr);
  if (impl_->code == nullptr)
    throw model_error("pattern '" + impl_->pattern + "': " + reason_of(error)
                      + " at byte " + std::to_string(offset));
  // Without the just-in-time compiler (or where memory may not be made
  // executable) PCRE2 interprets the pattern: slower, same matches.
  impl_->compiled_to_machine_code =
      pcre2_jit_compile(impl_->code, PCRE2_JIT_COMPLETE) == 0;
}
regex::~regex() = default;
regex::regex(regex&&) noexcept = default;
regex& regex::operator=(regex&&) noexcept = default;

std::optional<match_range> regex::find(std::string_view subject,
                                       std::size_t from,
                                       match_space& space) const {
  auto* data = space.impl_->data;
  int result = PCRE2_ERROR_JIT_STACKLIMIT;
  if (impl_->compiled_to_machine_code)
    result = pcre2_jit_match(impl_->code, units(subject), subject.size(), from,
                             PCRE2_NO_UTF_CHECK, data, nullptr);
  // The interpreter takes its memory from the heap: it still answers where
  // machine code ran out of stack.
  if (result == PCRE2_ERROR_JIT_STACKLIMIT)
    result = pcre2_match(impl_->code, units(subject), subject.size(), from,
                         PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, nullptr);
  if (result == PCRE2_ERROR_NOMATCH)
    return std::nullopt;
  if (result < 0)
    throw model_error("pattern '" + impl_->pattern
                      + "' cannot be matched: " + reason_of(result));
  const auto* range = pcre2_get_ovector_pointer(data);
  return match_range{range[0], range[1]};
}

} // namespace sluice::device
