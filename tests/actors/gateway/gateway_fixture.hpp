// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A gateway on a free port with a scripted graph behind it.
#pragma once

#include "actors/gateway/gateway.hpp"
#include "transport/http/client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

namespace sluice::test {

using namespace actors;

/// What the graph behind the door does, and what it was told.
class script {
public:
  using answer = std::function<caf::result<accepted>(request_sink::pointer,
                                                     const request&)>;

  explicit script(answer reply) : reply{std::move(reply)} {}

  answer reply;

  void note(const request& got) {
    const std::lock_guard lock{mutex_};
    requests_.push_back(got);
    changed_.notify_all();
  }
  void note(const cancel& got) {
    const std::lock_guard lock{mutex_};
    cancelled_.push_back(got.id);
    changed_.notify_all();
  }
  void note(const hold& got) {
    const std::lock_guard lock{mutex_};
    held_.push_back(got.on);
    changed_.notify_all();
  }
  void note(const forget_session& got) {
    const std::lock_guard lock{mutex_};
    forgotten_.push_back(got.session);
    changed_.notify_all();
  }
  /// Waits for that many; empty after 10 s without.
  std::vector<request> requests(std::size_t count) {
    return wait(requests_, count);
  }
  std::vector<request_id> cancelled(std::size_t count) {
    return wait(cancelled_, count);
  }
  std::vector<int> held(std::size_t count) { return wait(held_, count); }

  std::vector<std::string> forgotten(std::size_t count) {
    return wait(forgotten_, count);
  }

private:
  template <class T>
  std::vector<T> wait(const std::vector<T>& list, std::size_t count) {
    std::unique_lock lock{mutex_};
    const bool there = changed_.wait_for(lock, std::chrono::seconds{10},
                                         [&] { return list.size() >= count; });
    return there ? list : std::vector<T>{};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<request> requests_;
  std::vector<request_id> cancelled_;
  std::vector<int> held_; ///< 1 to rest, 0 to go on
  std::vector<std::string> forgotten_;
};

inline request_sink::behavior_type
scripted_graph(request_sink::pointer self, std::shared_ptr<script> does) {
  return {
      [=](const request& got) {
        does->note(got);
        return does->reply(self, got);
      },
      [=](const cancel& got) { does->note(got); },
      [=](const hold& got) { does->note(got); },
      [=](const forget_session& got) { does->note(got); },
  };
}

class house {
public:
  explicit house(script::answer reply, gateway_settings settings = {},
                 bool open = true)
      : graph_script{std::make_shared<script>(std::move(reply))},
        door{spawn_gateway(system, std::move(settings), figures)},
        graph{system.spawn(scripted_graph, graph_script)} {
    if (open) {
      caf::anon_send(door.actor, connect{graph});
      door.state->open({model()});
    }
  }
  ~house() {
    caf::anon_send_exit(door.actor, caf::exit_reason::kill);
    caf::anon_send_exit(graph, caf::exit_reason::kill);
  }

  /// A vocabulary of 256 tokens: bytes.
  static served_model model() {
    served_model out;
    out.names = {"edge", "alias"};
    out.context = 512;
    out.vocabulary = 256;
    out.encode = [](std::string_view text, bool add_special) {
      std::vector<std::int32_t> ids(add_special ? 1 : 0);
      for (const char c : text)
        ids.push_back(static_cast<unsigned char>(c));
      return ids;
    };
    out.decode = [](std::span<const std::int32_t> ids) {
      return std::string{ids.begin(), ids.end()};
    };
    out.render = [](const auto& messages, const auto&, const auto&) {
      return std::string(messages.size(), 'm');
    };
    return out;
  }

  transport::http::client client() const {
    return transport::http::client{door.listening};
  }

  /// Says to the gateway what a postprocess would.
  void tell(text_delta delta) const {
    caf::anon_send(door.actor, std::move(delta));
  }

  // The gateway counts until its system has ended, so these outlive it.
  metrics figures;
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::shared_ptr<script> graph_script;
  gateway_handle door;
  request_sink graph;
};

inline text_delta say(request_id id, std::string text, std::uint32_t tokens,
                      finish_reason finish = finish_reason::none) {
  text_delta out;
  out.id = id;
  out.text = std::move(text);
  out.completion_tokens = tokens;
  out.finish = finish;
  if (finish != finish_reason::none)
    out.prompt_tokens = 3;
  return out;
}

/// Accepts; the test says the rest itself.
inline caf::result<accepted> accept_only(request_sink::pointer,
                                         const request& got) {
  return accepted{got.id, 3};
}

/// Accepts and answers "Hello" in two deltas to whoever asked.
inline caf::result<accepted> say_hello(request_sink::pointer self,
                                       const request& got) {
  const auto to = caf::actor_cast<text_sink>(self->current_sender());
  self->send(to, say(got.id, "Hel", 1));
  self->send(to, say(got.id, "lo", 2, finish_reason::stop));
  return accepted{got.id, 3};
}

inline std::string chat_body(const std::string& more = {}) {
  return R"({"messages":[{"role":"user","content":"hi"}])"
         + (more.empty() ? "" : "," + more) + "}";
}

/// What a JSON text has at a pointer such as "/choices/0/text", as JSON;
/// "nothing" where it has none.
inline std::string at(std::string_view body, const char* pointer) {
  boost::json::error_code ec;
  const auto value = boost::json::parse(body);
  const auto* found = value.find_pointer(pointer, ec);
  return found == nullptr ? "nothing" : boost::json::serialize(*found);
}

} // namespace sluice::test
