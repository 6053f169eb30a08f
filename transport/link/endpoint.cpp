// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/dial_attempt.hpp"
#include "transport/link/listener.hpp"

#include <openssl/rand.h>

namespace sluice::transport::link {

namespace asio = boost::asio;

endpoint_core::endpoint_core(endpoint_settings given)
    : settings{std::move(given)}, instance{random_token()},
      pool{settings.pooled_bytes} {
  if (!settings.insecure)
    tls.emplace(settings.credentials);
  if (settings.graph_hash.size() > 64 || settings.node.empty())
    throw link_error{"a link needs a node name, and a graph hash of at most "
                     "64 bytes"};
  settings.piece_bytes =
      std::clamp<std::size_t>(settings.piece_bytes, 1, max_piece_bytes);
  work.emplace(context.get_executor());
}

void endpoint_core::report(fault what, const std::string& who,
                           const std::string& why) {
  ++counters.faulty[static_cast<std::size_t>(what)];
  if (settings.log)
    settings.log("link: " + (who.empty() ? "peer" : who) + ": "
                 + to_string(what) + (why.empty() ? "" : ": " + why));
}

bool endpoint_core::enroll(const std::shared_ptr<stoppable>& one) {
  const std::lock_guard lock{mutex};
  if (stopping)
    return false;
  busy.insert(one);
  return true;
}

void endpoint_core::leave(const std::shared_ptr<stoppable>& one) {
  const std::lock_guard lock{mutex};
  busy.erase(one);
}

void endpoint_core::forget(const token16& session) {
  std::shared_ptr<session_core> last; // goes after the lock
  const std::lock_guard lock{mutex};
  if (const auto found = sessions.find(session); found != sessions.end()) {
    last = std::move(found->second);
    sessions.erase(found);
  }
}

token16 random_token() {
  token16 out;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), out.size()) != 1)
    throw link_error{"the system gives no random bytes"};
  return out;
}

void require_loopback(const endpoint_core& core,
                      const asio::ip::tcp::endpoint& where) {
  if (core.settings.insecure && !where.address().is_loopback())
    throw link_error{where.address().to_string()
                     + " is not loopback: a link to or from it needs "
                       "certificates (sluice cert makes them)"};
}

endpoint::endpoint(endpoint_settings settings)
    : core_{std::make_shared<endpoint_core>(std::move(settings))} {
  for (unsigned i = 0; i < std::max(1u, core_->settings.threads); ++i)
    core_->threads.emplace_back([core = core_] { core->context.run(); });
}

endpoint::~endpoint() {
  stop();
}

address endpoint::listen(const address& where, acceptance accept) {
  const auto made = std::make_shared<listener>(core_, std::move(accept));
  const auto at = made->listen(where);
  if (!core_->enroll(made))
    made->cancel();
  return at;
}

std::shared_ptr<session> endpoint::connect(const address& where,
                                           const std::string& peer,
                                           session_events events) {
  boost::system::error_code ec;
  const auto numeric = asio::ip::make_address(where.host, ec);
  if (!ec)
    require_loopback(*core_, {numeric, where.port});
  const auto dial = [core = std::weak_ptr{core_}, where,
                     peer](const std::shared_ptr<session_core>& session) {
    const auto alive = core.lock();
    if (!alive)
      return;
    const auto attempt =
        std::make_shared<dial_attempt>(alive, session, where, peer);
    if (alive->enroll(attempt))
      attempt->start();
  };
  auto made = std::make_shared<session_core>(core_, random_token(), peer, dial);
  made->set_events(std::move(events));
  {
    const std::lock_guard lock{core_->mutex};
    if (core_->stopping)
      throw link_error{"the endpoint has stopped"};
    core_->sessions[made->id()] = made;
  }
  made->start();
  return made;
}

const link_counters& endpoint::counters() const noexcept {
  return core_->counters;
}

std::size_t endpoint::sessions() const {
  const std::lock_guard lock{core_->mutex};
  return core_->sessions.size();
}

void endpoint::stop() {
  std::vector<std::shared_ptr<session_core>> sessions;
  std::vector<std::shared_ptr<stoppable>> busy;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock{core_->mutex};
    core_->stopping = true;
    for (const auto& [id, one] : core_->sessions)
      sessions.push_back(one);
    busy.assign(core_->busy.begin(), core_->busy.end());
    threads.swap(core_->threads);
  }
  for (const auto& one : sessions)
    one->stop();
  for (const auto& one : busy)
    one->cancel();
  core_->work.reset();
  for (auto& thread : threads)
    thread.join();
  // What was posted when the last thread had gone: without it, what the
  // context still holds would hold the context.
  core_->context.restart();
  core_->context.run();
}

} // namespace sluice::transport::link
