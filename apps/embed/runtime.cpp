// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "sluice/runtime.hpp"

#include "apps/embed/answer_queue.hpp"
#include "apps/embed/callback_scope.hpp"
#include "apps/embed/runtime_core.hpp"

#include <thread>

namespace sluice {

namespace {

/// Ends what is left; a callback cannot wait for its own thread, so that
/// another one does.
void let_go(std::shared_ptr<apps::runtime_core> core) {
  if (!core)
    return;
  if (apps::in_callback())
    std::thread{[core] { core->close(); }}.detach();
  else
    core->close();
}

} // namespace

edge_tap::edge_tap() noexcept = default;

edge_tap::edge_tap(std::unique_ptr<apps::tapped_edge> edge) noexcept
    : edge_{std::move(edge)} {}

edge_tap::~edge_tap() = default;
edge_tap::edge_tap(edge_tap&&) noexcept = default;
edge_tap& edge_tap::operator=(edge_tap&&) noexcept = default;

void edge_tap::close() noexcept {
  edge_.reset();
}

runtime::runtime(std::shared_ptr<apps::runtime_core> core) noexcept
    : core_{std::move(core)} {}

runtime::~runtime() {
  let_go(std::move(core_));
}

runtime::runtime(runtime&& other) noexcept = default;

runtime& runtime::operator=(runtime&& other) noexcept {
  if (this != &other) {
    let_go(std::move(core_));
    core_ = std::move(other.core_);
  }
  return *this;
}

runtime runtime::open(const std::filesystem::path& file,
                      runtime_options options) {
  return runtime{apps::open_core(file, std::move(options))};
}

runtime runtime::open_text(std::string_view graph, runtime_options options) {
  return runtime{apps::open_core(graph, std::move(options))};
}

apps::runtime_core& runtime::core() const {
  if (!core_)
    throw error(error_code::closed, "this runtime was moved from");
  return *core_;
}

answer runtime::submit(const request& what) {
  return answer{core().submit(what)};
}

std::uint64_t runtime::submit(const request& what, delta_callback show) {
  return core().submit(what, std::move(show));
}

void runtime::cancel(std::uint64_t id) noexcept {
  if (core_)
    core_->cancel(id);
}

std::vector<std::string> runtime::edges() const {
  return core().edges();
}

answer runtime::inject(std::string_view edge, message what) {
  return answer{core().inject(edge, std::move(what))};
}

edge_tap runtime::tap(std::string_view edge,
                      std::function<void(const message&)> show) {
  return edge_tap{core().tap(edge, std::move(show))};
}

std::string runtime::name() const {
  return core().name();
}

runtime_status runtime::status() const {
  return core().status();
}

bool runtime::wait_ready(std::chrono::milliseconds patience) const {
  return core().wait_ready(patience);
}

bool runtime::wait_accepting(std::chrono::milliseconds patience) const {
  return core().wait_accepting(patience);
}

std::string runtime::metrics() const {
  return core().metrics();
}

std::uint32_t runtime::drain(std::chrono::milliseconds patience) {
  return core().drain(patience);
}

close_report runtime::close() {
  return core().close();
}

} // namespace sluice
