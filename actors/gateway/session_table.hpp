// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sessions of the door: what clients have said so far in inputs that arrive in
// chunks. A session is its content and a promise that the models keep what they
// computed of it; here is the content. Used by HTTP threads and the gateway
// actor alike. Thread-safe; knows no actor, time is an argument.
#pragma once

#include "actors/gateway/api_request.hpp"

#include <boost/json/array.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// Raw text, or a conversation: the first chunk decides.
struct session_content {
  std::string text;
  boost::json::array messages;

  bool empty() const noexcept { return text.empty() && messages.empty(); }
  bool is_chat() const noexcept { return !messages.empty(); }
  /// Adds a chunk: text goes on with a text, or with the last message of a
  /// conversation. An error when the two do not fit.
  std::optional<api_error> add(const session_content& chunk);
};

struct session_limits {
  std::size_t sessions = 256;             ///< at once; more: 429
  std::chrono::milliseconds ttl{600'000}; ///< longest time without a call
};

class session_table;

/// One call's hold on a session: until it ends, other calls are answered 409.
class session_lease {
public:
  session_lease(std::shared_ptr<session_table> table, std::string id,
                std::string model, session_content content)
      : table_{std::move(table)}, id_{std::move(id)}, model_{std::move(model)},
        content_{std::move(content)} {}
  ~session_lease();
  session_lease(const session_lease&) = delete;
  session_lease& operator=(const session_lease&) = delete;

  const std::string& id() const noexcept { return id_; }
  const std::string& model() const noexcept { return model_; }
  /// All content, with what this call adds.
  session_content& content() noexcept { return content_; }
  /// The call succeeded: the session's content is this one's from now on.
  void keep();

private:
  std::shared_ptr<session_table> table_;
  std::string id_;
  std::string model_;
  session_content content_;
};

class session_table : public std::enable_shared_from_this<session_table> {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using lease_ptr = std::shared_ptr<session_lease>;

  explicit session_table(
      session_limits limits,
      std::function<time_point()> now = std::chrono::steady_clock::now)
      : limits_{limits}, now_{std::move(now)} {}

  /// Opens a session of `owner` (an API key, or "") with `model`. Returns its
  /// id, 128 random bits that nobody can guess. `ttl` is cut to the limit.
  parsed<std::string> open(std::string owner, std::string model,
                           std::optional<std::chrono::milliseconds> ttl);

  /// Holds a session for a call: 404 when `owner` has none of this id, 409 when
  /// another call holds it.
  parsed<lease_ptr> take(const std::string& id, std::string_view owner);
  /// Tells by which HTTP request the session is held.
  void held_by(const std::string& id, std::uint64_t request);

  /// What a removed session leaves to be ended.
  struct removed {
    std::string id;
    std::uint64_t held_by = 0; ///< an HTTP request, 0: none
  };
  /// Removes a session of `owner`; held or not. 404 as take.
  parsed<removed> remove(const std::string& id, std::string_view owner);
  /// Removes what nobody has called for its time to live.
  std::vector<removed> expire();
  /// Removes everything.
  std::vector<removed> remove_all();

  std::chrono::milliseconds longest() const noexcept { return limits_.ttl; }
  std::size_t size() const;

private:
  friend class session_lease;
  struct entry {
    std::string owner;
    std::string model;
    std::chrono::milliseconds ttl{};
    time_point used;
    session_content content;
    bool held = false;
    std::uint64_t held_by = 0;
  };

  entry* find(const std::string& id, std::string_view owner);
  void give_back(const std::string& id);

  session_limits limits_;
  std::function<time_point()> now_;
  mutable std::mutex mutex_;
  std::map<std::string, entry> sessions_;
};

} // namespace sluice::actors
