// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/session_table.hpp"

#include <openssl/rand.h>

#include <array>

namespace sluice::actors {

namespace {

constexpr unsigned full_retry = 1; // seconds

std::optional<std::string> random_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), int{bytes.size()}) != 1)
    return std::nullopt;
  std::string out = "sess-";
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

api_error no_session(const std::string& id) {
  return {404, "there is no session '" + id + "'", {}, "session_not_found", 0};
}

} // namespace

std::optional<api_error> session_content::add(const session_content& chunk) {
  if (chunk.is_chat() && !text.empty())
    return api_error{
        400, "this session holds raw text, not messages", "messages", {}, 0};
  if (!is_chat()) {
    text += chunk.text;
    messages.insert(messages.end(), chunk.messages.begin(),
                    chunk.messages.end());
    return std::nullopt;
  }
  if (!chunk.text.empty()) {
    auto& content = messages.back().get_object()["content"];
    if (!content.is_string())
      return api_error{
          400, "the last message has no text to go on with", "text", {}, 0};
    content.get_string().append(chunk.text);
  }
  messages.insert(messages.end(), chunk.messages.begin(), chunk.messages.end());
  return std::nullopt;
}

session_lease::~session_lease() {
  table_->give_back(id_);
}

void session_lease::keep() {
  const std::lock_guard lock{table_->mutex_};
  if (const auto at = table_->sessions_.find(id_);
      at != table_->sessions_.end())
    at->second.content = std::move(content_);
}

parsed<std::string>
session_table::open(std::string owner, std::string model,
                    std::optional<std::chrono::milliseconds> ttl) {
  auto id = random_id();
  if (!id)
    return api_error{500, "no random numbers for a session's id", {}, {}, 0};
  const std::lock_guard lock{mutex_};
  if (sessions_.size() >= limits_.sessions)
    return api_error{429,
                     "all " + std::to_string(limits_.sessions)
                         + " sessions are in use",
                     {},
                     "too_many_sessions",
                     full_retry};
  entry made;
  made.owner = std::move(owner);
  made.model = std::move(model);
  made.ttl = std::min(ttl.value_or(limits_.ttl), limits_.ttl);
  made.used = now_();
  sessions_.emplace(*id, std::move(made));
  return *std::move(id);
}

session_table::entry* session_table::find(const std::string& id,
                                          std::string_view owner) {
  const auto at = sessions_.find(id);
  // Others' sessions do not exist, as far as anybody can tell.
  return at == sessions_.end() || at->second.owner != owner ? nullptr
                                                            : &at->second;
}

parsed<session_table::lease_ptr> session_table::take(const std::string& id,
                                                     std::string_view owner) {
  const std::lock_guard lock{mutex_};
  auto* found = find(id, owner);
  if (found == nullptr)
    return no_session(id);
  if (found->held)
    return api_error{
        409, "the session is busy with another call", {}, "session_busy", 0};
  found->held = true;
  found->held_by = 0;
  found->used = now_();
  return std::make_shared<session_lease>(shared_from_this(), id, found->model,
                                         found->content);
}

void session_table::held_by(const std::string& id, std::uint64_t request) {
  const std::lock_guard lock{mutex_};
  if (const auto at = sessions_.find(id); at != sessions_.end())
    at->second.held_by = request;
}

void session_table::give_back(const std::string& id) {
  const std::lock_guard lock{mutex_};
  if (const auto at = sessions_.find(id); at != sessions_.end()) {
    at->second.held = false;
    at->second.held_by = 0;
    at->second.used = now_();
  }
}

parsed<session_table::removed> session_table::remove(const std::string& id,
                                                     std::string_view owner) {
  const std::lock_guard lock{mutex_};
  const auto* found = find(id, owner);
  if (found == nullptr)
    return no_session(id);
  removed out{id, found->held_by};
  sessions_.erase(id);
  return out;
}

std::vector<session_table::removed> session_table::expire() {
  const auto now = now_();
  const std::lock_guard lock{mutex_};
  std::vector<removed> out;
  std::erase_if(sessions_, [&](const auto& item) {
    const auto& [id, one] = item;
    const bool over = !one.held && now - one.used >= one.ttl;
    if (over)
      out.push_back({id, 0});
    return over;
  });
  return out;
}

std::vector<session_table::removed> session_table::remove_all() {
  const std::lock_guard lock{mutex_};
  std::vector<removed> out;
  for (const auto& [id, one] : sessions_)
    out.push_back({id, one.held_by});
  sessions_.clear();
  return out;
}

std::size_t session_table::size() const {
  const std::lock_guard lock{mutex_};
  return sessions_.size();
}

} // namespace sluice::actors
