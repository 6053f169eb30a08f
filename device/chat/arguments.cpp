// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/arguments.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::device::jinja {

bound_arguments::bound_arguments(
    std::string_view callee, const arguments& args,
    std::initializer_list<std::string_view> parameters, std::size_t required)
    : callee_(callee) {
  assert(parameters.size() <= found_.size());
  const std::string who(callee);
  if (args.positional.size() > parameters.size())
    throw fault(who + "() takes at most " + std::to_string(parameters.size())
                + " arguments (" + std::to_string(args.positional.size())
                + " given)");
  for (std::size_t i = 0; i < args.positional.size(); ++i)
    found_[i] = &args.positional[i];
  for (const auto& [name, item] : args.named) {
    const auto at = std::find(parameters.begin(), parameters.end(), name);
    if (at == parameters.end())
      throw fault(who + "() got an unexpected keyword argument '"
                  + std::string(name) + "'");
    auto& slot = found_[static_cast<std::size_t>(at - parameters.begin())];
    if (slot)
      throw fault(who + "() got multiple values for argument '"
                  + std::string(name) + "'");
    slot = &item;
  }
  for (std::size_t i = 0; i < required; ++i)
    if (!found_[i])
      throw fault(who + "() missing required argument '"
                  + std::string(parameters.begin()[i]) + "'");
}

bool bound_arguments::is_none(std::size_t i) const {
  return !found_[i] || found_[i]->is(kind::none);
}

std::string_view bound_arguments::text(std::size_t i,
                                       std::string_view otherwise) const {
  if (!found_[i])
    return otherwise;
  require_defined(*found_[i]);
  if (!found_[i]->is(kind::text))
    throw fault(std::string(callee_) + "() wants a str, not '"
                + std::string(type_name(*found_[i])) + "'");
  return found_[i]->text();
}

std::int64_t bound_arguments::integer(std::size_t i,
                                      std::int64_t otherwise) const {
  if (!found_[i])
    return otherwise;
  require_defined(*found_[i]);
  if (!found_[i]->is(kind::integer) && !found_[i]->is(kind::boolean))
    throw fault("'" + std::string(type_name(*found_[i]))
                + "' object cannot be interpreted as an integer in "
                + std::string(callee_) + "()");
  return as_int(*found_[i]);
}

bool bound_arguments::flag(std::size_t i, bool otherwise) const {
  return found_[i] ? truthy(*found_[i]) : otherwise;
}

} // namespace sluice::device::jinja
