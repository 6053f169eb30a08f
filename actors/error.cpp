// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/error.hpp"

#include <caf/atom.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <array>

namespace sluice::actors {

namespace {

constexpr auto category = caf::atom("sluice");

// In the order of the enum.
constexpr std::array<std::string_view, 12> names{
    "none",         "bad_request",       "prompt_too_long", "unknown_model",
    "overloaded",   "deadline_exceeded", "cancelled",       "shutting_down",
    "model_failed", "template_failed",   "no_route",        "host_failed"};

} // namespace

std::string_view name(errc code) noexcept {
  return names[static_cast<std::size_t>(code)];
}

caf::error make_error(errc code, std::string context,
                      std::uint32_t retry_seconds) {
  return {static_cast<std::uint8_t>(code), category,
          caf::make_message(std::move(context), retry_seconds)};
}

std::uint32_t retry_of(const caf::error& error) {
  if (error.category() == category
      && error.context().match_elements<std::string, std::uint32_t>())
    return error.context().get_as<std::uint32_t>(1);
  return 0;
}

errc code_of(const caf::error& error) noexcept {
  if (!error)
    return errc::none;
  if (error.category() != category || error.code() >= names.size())
    return errc::model_failed;
  return static_cast<errc>(error.code());
}

std::string context_of(const caf::error& error) {
  if (error.category() == category
      && error.context().match_elements<std::string, std::uint32_t>())
    return error.context().get_as<std::string>(0);
  return to_string(error);
}

} // namespace sluice::actors
