// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Actors of the host's own: a kind with typed ports and settings, used in a
// graph file by its name like any other.
#pragma once

#include "sluice/message.hpp"

#include <functional>
#include <limits>
#include <map>
#include <string_view>
#include <variant>

namespace sluice::actors {
class host_outputs;
} // namespace sluice::actors

namespace sluice {

struct port {
  std::string name;
  message_type type = message_type::prompt;
};

enum class setting_type : std::uint8_t { text, integer, number, truth, texts };

/// In the order of setting_type.
using setting_value = std::variant<std::string, std::int64_t, double, bool,
                                   std::vector<std::string>>;

/// A setting as a graph file may write it.
struct setting {
  std::string name;
  setting_type type = setting_type::text;
  bool required = false;
  /// When it is left out; of the same type.
  setting_value fallback{};
  double least = -std::numeric_limits<double>::infinity(); ///< of numbers
  double most = std::numeric_limits<double>::infinity();   ///< of numbers
};

/// Where an actor sends to. Copies are one and the same; thread-safe; may be
/// kept and used later, and does nothing once the actor has ended.
class SLUICE_API outputs {
public:
  outputs(std::string actor, std::vector<port> ports,
          std::shared_ptr<actors::host_outputs> to);
  outputs(const outputs&);
  outputs(outputs&&) noexcept;
  outputs& operator=(const outputs&);
  outputs& operator=(outputs&&) noexcept;
  ~outputs();

  /// Sends `what` to the actor behind `port`. Throws error: bad_argument for
  /// a port that is not there, wrong_type.
  void emit(std::string_view port, message what) const;
  /// Ends a request with an error instead of passing it on.
  void refuse(std::uint64_t id, const std::string& text,
              error_code code = error_code::bad_request) const;

private:
  std::string actor_;
  std::vector<port> ports_;
  std::shared_ptr<actors::host_outputs> to_;
};

/// One actor. It is called by one thread at a time, its own, and may block.
/// What it throws ends the request with host_failed, and no other request.
class SLUICE_API host_actor {
public:
  virtual ~host_actor();
  /// A message on an input. Every request and prompt is emitted with its own
  /// id, now or later, or refused; one that is dropped ends at its deadline.
  virtual void receive(std::string_view port, message what) = 0;
  /// The request was given up; it need not be emitted any more.
  virtual void cancelled(std::uint64_t id);
};

/// What a new actor is told.
struct actor_context {
  std::string name; ///< as the graph file calls it
  std::map<std::string, setting_value, std::less<>> settings;
  outputs out;
};

/// A kind of actor. Inputs of one kind differ in their types.
struct actor_kind {
  std::string name;
  std::vector<port> inputs;
  std::vector<port> outputs;
  std::vector<setting> settings;
  /// Called once for each such actor of a graph. What it throws becomes the
  /// runtime's failure.
  std::function<std::unique_ptr<host_actor>(const actor_context&)> make;
};

} // namespace sluice
