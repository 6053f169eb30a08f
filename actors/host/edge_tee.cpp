// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/host/edge_tee.hpp"

#include <caf/default_attachable.hpp>

#include <algorithm>

namespace sluice::actors {

edge_tap::edge_tap(watcher show, std::function<void(const char*)> failed)
    : show_{std::move(show)}, failed_{std::move(failed)} {}

void edge_tap::show(const edge_message& message) noexcept {
  const std::lock_guard lock{mutex_};
  if (!open_)
    return;
  try {
    show_(message);
  } catch (const std::exception& error) {
    failed_(error.what());
  } catch (...) {
    failed_("not a std::exception");
  }
}

void edge_tap::close() {
  const std::lock_guard lock{mutex_};
  open_ = false;
}

edge_tee::edge_tee(caf::strong_actor_ptr to, caf::actor_config config)
    : caf::monitorable_actor{config}, to_{std::move(to)},
      taps_{std::make_shared<tap_list>()} {
  // Whoever watches the edge learns when the actor at its end is gone.
  to_->get()->attach(caf::default_attachable::make_monitor(
      caf::actor_cast<caf::actor_addr>(to_), address()));
}

void edge_tee::enqueue(caf::mailbox_element_ptr what,
                       caf::execution_unit* context) {
  auto gone = [&](caf::down_msg& msg) {
    cleanup(std::move(msg.reason), context);
  };
  if (handle_system_message(*what, context, false, gone))
    return;
  if (tapped_.load(std::memory_order_acquire))
    show(what->content());
  to_->enqueue(std::move(what), context);
}

void edge_tee::show(const caf::type_erased_tuple& content) {
  std::shared_ptr<const tap_list> taps;
  {
    const std::lock_guard lock{mutex_};
    taps = taps_;
  }
  for_each_value(content, [&](const edge_message& one) {
    for (const auto& tap : *taps)
      tap->show(one);
  });
}

void edge_tee::add(std::shared_ptr<edge_tap> tap) {
  const std::lock_guard lock{mutex_};
  auto more = std::make_shared<tap_list>(*taps_);
  more->push_back(std::move(tap));
  taps_ = std::move(more);
  tapped_ = true;
}

void edge_tee::remove(const edge_tap* tap) {
  const std::lock_guard lock{mutex_};
  auto fewer = std::make_shared<tap_list>(*taps_);
  std::erase_if(*fewer, [&](const auto& one) { return one.get() == tap; });
  tapped_ = !fewer->empty();
  taps_ = std::move(fewer);
}

caf::actor make_edge(caf::actor_system& system, const caf::actor& to) {
  return caf::make_actor<edge_tee, caf::actor>(
      system.next_actor_id(), system.node(), &system,
      caf::actor_cast<caf::strong_actor_ptr>(to));
}

edge_tee& tee_of(const caf::actor& edge) {
  return static_cast<edge_tee&>(*caf::actor_cast<caf::abstract_actor*>(edge));
}

} // namespace sluice::actors
