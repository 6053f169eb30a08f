// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/callback_scope.hpp"

#include "sluice/error.hpp"

namespace sluice::apps {

namespace {

thread_local int deliveries = 0;
thread_local int own_actors = 0;

int& count_of(callback_kind kind) noexcept {
  return kind == callback_kind::delivery ? deliveries : own_actors;
}

[[noreturn]] void refuse(const char* what) {
  throw error(error_code::misuse, std::string(what)
                                      + " inside a callback would wait for "
                                        "itself");
}

} // namespace

callback_scope::callback_scope(callback_kind kind) noexcept : kind_{kind} {
  ++count_of(kind_);
}

callback_scope::~callback_scope() {
  --count_of(kind_);
}

bool in_callback() noexcept {
  return deliveries + own_actors > 0;
}

void refuse_in_callback(const char* what) {
  if (in_callback())
    refuse(what);
}

void refuse_in_delivery(const char* what) {
  if (deliveries > 0)
    refuse(what);
}

} // namespace sluice::apps
