// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A bundled model as real actors in real threads, answering into a log. Fixture
// of the golden and load tests.
#pragma once

#include "actors/model/model.hpp"
#include "actors/runtime/system_settings.hpp"
#include "actors/runtime/terminator.hpp"
#include "device/cpu/cpu_backend.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

namespace sluice::actors {

/// What arrives at the end of the model, awaited by id.
class answer_log {
public:
  struct answer {
    std::vector<device::sampled_token> tokens;
    finish_reason finish = finish_reason::none;
    errc code = errc::none;
  };

  void hear(const step_output& msg) {
    {
      const std::lock_guard lock{mutex_};
      for (const auto& one : msg.answers) {
        auto& to = answers_[one.id];
        if (one.has_token)
          to.tokens.push_back(one.token);
        to.finish = one.finish;
        to.code = one.code;
        ended_ += one.finish != finish_reason::none;
      }
    }
    changed_.notify_all();
  }

  /// Waits for that many ends; false when they do not come in a minute.
  bool await(std::size_t ends) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::minutes{1},
                             [&] { return ended_ >= ends; });
  }

  std::map<request_id, answer> take() {
    const std::lock_guard lock{mutex_};
    ended_ = 0;
    return std::exchange(answers_, {});
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<request_id, answer> answers_;
  std::size_t ended_ = 0;
};

inline token_sink::behavior_type
logging_sink(token_sink::stateful_pointer<caf::unit_t> self, answer_log* log) {
  return {
      [](const generation&) {},
      [self, log](const step_output& msg) {
        log->hear(msg);
        caf::anon_send(caf::actor_cast<caf::actor>(self->current_sender()),
                       credit{1});
      },
  };
}

struct low_latency : caf::actor_system_config {
  low_latency() { apply_system_settings(*this); }
};

class real_model {
public:
  real_model(model_assets_ptr assets, const model_settings& settings)
      : answers_{system_.spawn(logging_sink, &log)},
        model_{spawn_model(
            system_, settings, assets,
            [this] { return device::make_cpu_backend(threads_); }, answers_,
            counts, state)} {}

  ~real_model() {
    stop_in_order(system_,
                  {caf::actor_cast<caf::actor>(model_),
                   caf::actor_cast<caf::actor>(answers_)},
                  std::chrono::minutes{1});
  }

  const prompt_sink& handle() const { return model_; }
  caf::actor_system& system() { return system_; }

  /// Asks the scheduler for its books.
  model_status status() {
    caf::scoped_actor self{system_};
    model_status out;
    self->request(caf::actor_cast<model_actor>(model_), caf::infinite,
                  get_model_status{})
        .receive([&](model_status& now) { out = std::move(now); },
                 [](const caf::error&) {});
    return out;
  }

  answer_log log;
  metrics counts;
  readiness state;

private:
  device::thread_pool threads_{2};
  low_latency config_;
  caf::actor_system system_{config_};
  token_sink answers_;
  prompt_sink model_;
};

} // namespace sluice::actors
