// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An actor of a kind that the host program brings: a plain object with typed
// ports behind the messages of the graph. This file keeps what the object need
// not know: who waits for `accepted`, credits, cancel, and what an exception
// means. Inputs of one actor differ in their types.
#pragma once

#include "actors/host/edge_message.hpp"
#include "actors/runtime/credit_window.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::actors {

/// Of what type the messages of a port are.
enum class port_type : std::uint8_t { request, prompt, tokens, text };

/// Where a host's actor sends to. Thread-safe; may be kept, and is deaf once
/// the actor has ended.
class host_outputs {
public:
  void emit(std::size_t output, edge_message message);
  /// Ends a request that has not been passed on, with an error.
  void refuse(request_id id, errc code, std::string text);

  void open(caf::actor self);
  void close();

private:
  template <class Message>
  void send(Message message);

  std::mutex mutex_;
  caf::actor self_;
};

/// The host's own code. Calls come one at a time, on the actor's own thread,
/// so that they may take their time.
class host_object {
public:
  virtual ~host_object() = default;
  virtual void receive(std::size_t input, edge_message message) = 0;
  /// The request was given up; nothing more is asked for it.
  virtual void cancelled(request_id id) = 0;
};

struct host_actor_settings {
  std::string name; ///< of the actor, for messages
  std::vector<port_type> inputs;
  std::vector<port_type> outputs;
  std::vector<caf::actor> next; ///< [outputs]; or later, by host_wiring
  std::shared_ptr<host_outputs> out;
  std::unique_ptr<host_object> object;
  std::function<void(const std::string&)> log;
};

/// From host_outputs: send this on.
struct host_emission {
  std::size_t output = 0;
  std::shared_ptr<edge_message> message;
};

/// Once, to an actor that text comes back to: where its outputs lead.
struct host_wiring {
  std::vector<caf::actor> next; ///< [outputs]
};

template <class Inspector>
auto inspect(Inspector& f, host_wiring& x) {
  return f(caf::meta::type_name("host_wiring"), x.next);
}

/// From host_outputs: answer this request with an error.
struct host_refusal {
  request_id id = 0;
  errc code = errc::none;
  std::string text;
};

} // namespace sluice::actors

// Made and received within this process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::host_emission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::host_refusal)

namespace sluice::actors {

struct host_actor_state {
  explicit host_actor_state(caf::event_based_actor* self);
  ~host_actor_state();

  template <class Message>
  caf::result<accepted> ask(Message& message, port_type type);
  void begin(generation& message);
  void step(step_output& message);
  void text(text_delta& message);
  void cancelled(request_id id);
  /// To whoever gets requests or prompts from here.
  template <class Message>
  void forward(const Message& message);
  void emit(host_emission& what);
  void refuse(const host_refusal& what);

  static inline const char* name = "host-actor";
  caf::event_based_actor* self;
  host_actor_settings settings;
  /// Those who wait to hear that a request was taken.
  std::unordered_map<request_id, caf::response_promise> waiting;
  /// Whose tokens come in: where a cancel from behind goes.
  std::unordered_map<request_id, caf::actor> sources;
  /// Ended by an exception, while more of them may still come in.
  std::unordered_set<request_id> failed;
  std::unordered_map<caf::actor_id, credit_meter> meters; // per source

private:
  bool call(port_type type, edge_message message);
  void end_with_error(request_id id, const std::string& text);
  void grant();
};

/// Detached: the host's code may block.
caf::actor spawn_host_actor(caf::actor_system& system,
                            host_actor_settings settings);

} // namespace sluice::actors
