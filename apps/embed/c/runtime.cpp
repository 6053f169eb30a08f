// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Runtimes, requests and edges for C hosts.
#include "apps/embed/c/convert.hpp"
#include "apps/embed/c/guard.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>

using namespace sluice::apps;

struct sluice_runtime {
  sluice::runtime real;
  mutable std::mutex mutex = {};
  mutable std::string last_error = {};
};

struct sluice_answer {
  sluice::answer real;
  sluice::delta latest = {};
};

struct sluice_tap {
  sluice::edge_tap real;
};

namespace {

using sluice::error;
using sluice::error_code;

template <class Work>
sluice_code on(sluice_runtime* runtime, Work work) noexcept {
  if (!runtime)
    return SLUICE_BAD_ARGUMENT;
  return guarded([&] { work(runtime->real); },
                 [&](const char* text) {
                   const std::lock_guard lock{runtime->mutex};
                   runtime->last_error = text;
                 });
}

template <class Open>
sluice_code open_with(const char* what, const sluice_options* options,
                      sluice_runtime** runtime, char** error, Open open) {
  if (runtime)
    *runtime = nullptr;
  if (error)
    *error = nullptr;
  return guarded(
      [&] {
        needed(what, "graph");
        needed(runtime, "runtime");
        auto how = options ? to_options(*options) : sluice::runtime_options{};
        *runtime = new sluice_runtime{open(what, std::move(how))};
      },
      [&](const char* text) {
        if (error)
          *error = copy_text(text);
      });
}

std::chrono::milliseconds ms(std::uint32_t count) {
  return std::chrono::milliseconds{count};
}

/// What a C callback returns is no exception: the request ends all the same.
sluice::delta_callback callback_of(int (*show)(void*, const sluice_delta*),
                                   void* user) {
  return [show, user](const sluice::delta& piece) {
    const auto view = to_delta(piece);
    if (const int code = show(user, &view); code != 0)
      throw error(error_code::host_failed,
                  "it returned " + std::to_string(code));
  };
}

} // namespace

namespace sluice::apps {

char* copy_text(const std::string& text) noexcept {
  auto* out = static_cast<char*>(std::malloc(text.size() + 1));
  if (out)
    std::memcpy(out, text.c_str(), text.size() + 1);
  return out;
}

} // namespace sluice::apps

extern "C" {

uint32_t sluice_abi_version(void) {
  return SLUICE_ABI_VERSION;
}

const char* sluice_version(void) {
  return SLUICE_VERSION_TEXT;
}

const char* sluice_code_name(sluice_code code) {
  return code == SLUICE_ENDED ? "ended"
                              : sluice::name(static_cast<error_code>(code));
}

void sluice_free_text(char* text) {
  std::free(text);
}

void sluice_message_init(sluice_message* message) {
  if (!message)
    return;
  std::memset(message, 0, sizeof *message);
  message->size = sizeof *message;
}

sluice_code sluice_message_keep(const sluice_message* from,
                                sluice_message** copy) {
  return guarded(
      [&] {
        needed(copy, "copy") = nullptr;
        *copy = new message_view{to_message(needed(from, "from"))};
      },
      [](const char*) {});
}

void sluice_message_free(sluice_message* message) {
  delete static_cast<message_view*>(message);
}

void sluice_options_init(sluice_options* options) {
  if (!options)
    return;
  const sluice::runtime_options usual;
  std::memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  options->max_requests = static_cast<uint32_t>(usual.max_requests);
  options->drain_ms = static_cast<uint32_t>(usual.drain.count());
  options->wait_ready = 1;
}

sluice_code sluice_open(const char* file, const sluice_options* options,
                        sluice_runtime** runtime, char** error) {
  return open_with(file, options, runtime, error,
                   [](const char* what, sluice::runtime_options how) {
                     return sluice::runtime::open(what, std::move(how));
                   });
}

sluice_code sluice_open_text(const char* graph, const sluice_options* options,
                             sluice_runtime** runtime, char** error) {
  return open_with(graph, options, runtime, error,
                   [](const char* what, sluice::runtime_options how) {
                     return sluice::runtime::open_text(what, std::move(how));
                   });
}

char* sluice_last_error(const sluice_runtime* runtime) {
  if (!runtime)
    return copy_text("");
  const std::lock_guard lock{runtime->mutex};
  return copy_text(runtime->last_error);
}

void sluice_status_init(sluice_status* status) {
  if (!status)
    return;
  std::memset(status, 0, sizeof *status);
  status->size = sizeof *status;
}

sluice_code sluice_get_status(sluice_runtime* runtime, sluice_status* status) {
  return on(runtime, [&](sluice::runtime& real) {
    const auto now = real.status();
    sluice_status out;
    sluice_status_init(&out);
    out.state = static_cast<int32_t>(now.state);
    for (const auto& model : now.models) {
      out.done += model.done;
      out.total += model.total;
    }
    out.in_flight = now.in_flight;
    give(out, needed(status, "status"));
  });
}

sluice_code sluice_wait_ready(sluice_runtime* runtime, uint32_t patience_ms) {
  return on(runtime, [&](sluice::runtime& real) {
    if (real.wait_ready(ms(patience_ms)))
      return;
    const auto now = real.status();
    if (now.state == sluice::phase::closed)
      throw error(error_code::closed, "the runtime is closed");
    if (!now.failure.empty())
      throw error(error_code::model_failed, now.failure);
    throw error(error_code::timed_out, "the models are still loading");
  });
}

sluice_code sluice_drain(sluice_runtime* runtime, uint32_t patience_ms,
                         uint32_t* given_up) {
  return on(runtime, [&](sluice::runtime& real) {
    const auto left = real.drain(ms(patience_ms));
    if (given_up)
      *given_up = left;
  });
}

sluice_code sluice_close(sluice_runtime* runtime) {
  return on(runtime, [&](sluice::runtime& real) {
    const auto done = real.close();
    if (!done.clean())
      throw error(
          error_code::failed,
          std::to_string(done.killed) + " actors were killed; "
              + (done.books.empty() ? "all KV blocks are free" : done.books));
  });
}

void sluice_free(sluice_runtime* runtime) {
  guarded([&] { delete runtime; }, [](const char*) {});
}

void sluice_request_init(sluice_request* request) {
  if (!request)
    return;
  std::memset(request, 0, sizeof *request);
  request->size = sizeof *request;
  constexpr auto none = std::numeric_limits<double>::quiet_NaN();
  request->temperature = request->top_p = request->min_p = none;
  request->repetition_penalty = none;
  request->presence_penalty = request->frequency_penalty = none;
  request->top_k = -1;
}

void sluice_delta_init(sluice_delta* delta) {
  if (!delta)
    return;
  std::memset(delta, 0, sizeof *delta);
  delta->size = sizeof *delta;
}

sluice_code sluice_submit(sluice_runtime* runtime,
                          const sluice_request* request,
                          sluice_answer** answer) {
  return on(runtime, [&](sluice::runtime& real) {
    needed(answer, "answer") = nullptr;
    *answer =
        new sluice_answer{real.submit(to_request(needed(request, "request")))};
  });
}

sluice_code sluice_submit_callback(sluice_runtime* runtime,
                                   const sluice_request* request,
                                   int (*show)(void*, const sluice_delta*),
                                   void* user, uint64_t* id) {
  return on(runtime, [&](sluice::runtime& real) {
    needed(show, "show");
    const auto made = real.submit(to_request(needed(request, "request")),
                                  callback_of(show, user));
    if (id)
      *id = made;
  });
}

sluice_code sluice_cancel(sluice_runtime* runtime, uint64_t id) {
  return on(runtime, [&](sluice::runtime& real) { real.cancel(id); });
}

uint64_t sluice_answer_id(const sluice_answer* answer) {
  return answer ? answer->real.id() : 0;
}

sluice_code sluice_answer_next(sluice_answer* answer, int64_t patience_ms,
                               sluice_delta* delta) {
  bool ended = false;
  const auto code = guarded(
      [&] {
        auto& from = needed(answer, "answer");
        auto& to = needed(delta, "delta");
        auto piece =
            patience_ms < 0
                ? from.real.next()
                : from.real.next(std::chrono::milliseconds{patience_ms});
        if (!piece) {
          ended = from.real.ended();
          if (!ended)
            throw error(error_code::timed_out, "nothing came");
          return;
        }
        from.latest = std::move(*piece);
        give(to_delta(from.latest), to);
      },
      [](const char*) {});
  return ended ? SLUICE_ENDED : code;
}

void sluice_answer_cancel(sluice_answer* answer) {
  if (answer)
    answer->real.cancel();
}

void sluice_answer_free(sluice_answer* answer) {
  delete answer;
}

sluice_code sluice_edges(sluice_runtime* runtime, char** names) {
  return on(runtime, [&](sluice::runtime& real) {
    std::string out;
    for (const auto& one : real.edges())
      out += (out.empty() ? "" : "\n") + one;
    needed(names, "names") = copy_text(out);
  });
}

sluice_code sluice_inject(sluice_runtime* runtime, const char* edge,
                          const sluice_message* message,
                          sluice_answer** answer) {
  return on(runtime, [&](sluice::runtime& real) {
    if (answer)
      *answer = nullptr;
    auto made = real.inject(&needed(edge, "edge"),
                            to_message(needed(message, "message")));
    if (answer && made)
      *answer = new sluice_answer{std::move(made)};
  });
}

sluice_code sluice_tap_edge(sluice_runtime* runtime, const char* edge,
                            void (*show)(void*, const sluice_message*),
                            void* user, sluice_tap** tap) {
  return on(runtime, [&](sluice::runtime& real) {
    needed(tap, "tap") = nullptr;
    needed(show, "show");
    *tap = new sluice_tap{real.tap(&needed(edge, "edge"),
                                   [show, user](const sluice::message& what) {
                                     const message_view view{what};
                                     show(user, &view);
                                   })};
  });
}

void sluice_tap_free(sluice_tap* tap) {
  delete tap;
}

} // extern "C"
