// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/link_bench.hpp"

#include "apps/sluice/link_bench_peer.hpp"
#include "transport/tls/certificate.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::apps {

using namespace transport;
using clock = std::chrono::steady_clock;

namespace {

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

// Frames of one bandwidth run: some tenths of a second.
std::uint64_t stream_frames(std::size_t size) {
  return std::clamp<std::uint64_t>((256u << 20) / size, 8, 100'000);
}

std::uint64_t round_trips(std::size_t size) {
  return std::clamp<std::uint64_t>((128u << 20) / size, 6, 2'000);
}

double median(std::vector<double> values) {
  return summarize(std::move(values)).median;
}

/// One end of a carrier; both figures for one frame size.
class frame_sender {
public:
  virtual ~frame_sender() = default;
  /// Bytes per second.
  virtual double stream(std::size_t size) = 0;
  /// Seconds, the median of many.
  virtual double round_trip(std::size_t size) = 0;
};

class socket_sender final : public frame_sender {
public:
  explicit socket_sender(std::uint16_t port)
      : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error{"cannot connect to the other process"};
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  ~socket_sender() override { ::close(fd_); }

  double stream(std::size_t size) override {
    const std::vector<char> frame(size, 'x');
    const socket_order order{size, stream_frames(size), false};
    const auto start = clock::now();
    require(send_exactly(fd_, &order, sizeof order));
    for (std::uint64_t i = 0; i < order.count; ++i)
      require(send_exactly(fd_, frame.data(), size));
    char done = 0;
    require(receive_exactly(fd_, &done, 1));
    return static_cast<double>(size * order.count) / seconds_since(start);
  }

  double round_trip(std::size_t size) override {
    std::vector<char> frame(size, 'x');
    const socket_order order{size, round_trips(size), true};
    require(send_exactly(fd_, &order, sizeof order));
    std::vector<double> times;
    for (std::uint64_t i = 0; i < order.count; ++i) {
      const auto start = clock::now();
      require(send_exactly(fd_, frame.data(), size));
      require(receive_exactly(fd_, frame.data(), size));
      times.push_back(seconds_since(start));
    }
    return median(std::move(times));
  }

private:
  static void require(bool done) {
    if (!done)
      throw std::runtime_error{"the other process has gone"};
  }
  int fd_;
};

class link_sender final : public frame_sender {
public:
  link_sender(std::uint16_t port, const tls::credentials* own,
              const std::vector<std::size_t>& sizes)
      : endpoint_{link_bench_settings("here", own)} {
    link::session_events events;
    events.on_end = [this](link::end_reason, const std::string& why) {
      const std::lock_guard lock{mutex_};
      broken_ = "the link has ended: " + why;
      changed_.notify_all();
    };
    session_ = endpoint_.connect({"127.0.0.1", port}, "there", events);
    std::uint32_t number = 1;
    for (const auto size : sizes)
      open(number++, size);
  }
  ~link_sender() override { endpoint_.stop(); }

  double stream(std::size_t size) override {
    auto& on = channel_of(size);
    const auto what = frame_of(size);
    const auto count = stream_frames(size);
    wait_for_credit(on);
    const auto start = clock::now();
    for (std::uint64_t i = 0; i < count; ++i)
      send(on, what, i + 1 == count ? link_order::answer : link_order::swallow);
    wait([&] { return on.answers > 0; });
    on.answers = 0;
    return static_cast<double>(size * count) / seconds_since(start);
  }

  // Answered where it arrives, as an actor's mailbox would be filled: without
  // a change of threads, which no carrier of ours needs.
  double round_trip(std::size_t size) override {
    auto& on = channel_of(size);
    wait_for_credit(on);
    {
      const std::lock_guard lock{mutex_};
      on.left = round_trips(size);
      on.times.clear();
      on.what = frame_of(size);
      on.start = clock::now();
    }
    send(on, on.what, link_order::echo);
    wait([&] { return on.left == 0; });
    return median(std::move(on.times));
  }

private:
  struct lane {
    std::size_t size = 0;
    std::shared_ptr<link::channel> channel;
    std::uint64_t answers = 0;
    bool credit_came = false;
    std::uint64_t left = 0;
    std::vector<double> times;
    clock::time_point start;
    link::message what;
  };

  static link::message frame_of(std::size_t size) {
    link::message out;
    out.attachment = link::buffer::copy_of(std::string(size, 'x'));
    return out;
  }

  void open(std::uint32_t number, std::size_t size) {
    auto made = std::make_unique<lane>();
    auto* at = made.get();
    at->size = size;
    link::channel_events events;
    events.on_message = [this, at](link::message) { received(*at); };
    events.on_credit = [this, at] {
      const std::lock_guard lock{mutex_};
      at->credit_came = true;
      changed_.notify_all();
    };
    at->channel =
        session_->open(number, {std::to_string(size)}, std::move(events));
    at->channel->grant({16, window_bytes(size)});
    lanes_.push_back(std::move(made));
  }

  void received(lane& on) {
    std::unique_lock lock{mutex_};
    on.channel->grant({1, on.size});
    if (on.left == 0) {
      ++on.answers;
      changed_.notify_all();
      return;
    }
    on.times.push_back(seconds_since(on.start));
    if (--on.left == 0) {
      changed_.notify_all();
      return;
    }
    on.start = clock::now();
    lock.unlock();
    auto again = on.what;
    again.kind = link_order::echo;
    on.channel->send(std::move(again));
  }

  lane& channel_of(std::size_t size) {
    for (auto& one : lanes_)
      if (one->size == size)
        return *one;
    throw std::logic_error{"no channel for this size"};
  }

  template <class Until>
  void wait(Until until) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, std::chrono::seconds{60},
                           [&] { return broken_ || until(); }))
      throw std::runtime_error{"nothing came for a minute"};
    if (broken_)
      throw std::runtime_error{*broken_};
  }

  void wait_for_credit(lane& on) {
    const auto all = window_bytes(on.size);
    while (on.channel->available().bytes < std::min(all, 2 * on.size))
      std::this_thread::yield(); // before the clock runs
  }

  void send(lane& on, const link::message& what, std::uint32_t kind) {
    auto copy = what; // of pointers
    copy.kind = kind;
    for (;;) {
      const auto status = on.channel->send(std::move(copy));
      if (status == link::send_status::sent)
        return;
      if (status != link::send_status::no_credit)
        throw std::runtime_error{"the link takes nothing"};
      wait([&] { return std::exchange(on.credit_came, false); });
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> broken_;
  std::vector<std::unique_ptr<lane>> lanes_;
  link::endpoint endpoint_;
  std::shared_ptr<link::session> session_;
};

struct samples {
  std::array<std::vector<double>, carriers> rates;
  std::array<std::vector<double>, carriers> times;
};

} // namespace

std::vector<link_bench_row> run_link_bench(
    const link_bench_plan& plan,
    const std::function<void(std::size_t, std::size_t)>& on_progress) {
  const auto authority =
      tls::make_authority("bench", tls::key_kind::p256, std::chrono::hours{48});
  const auto credentials = [&](const std::string& name) {
    const auto made = tls::issue(authority, {name, {}});
    return tls::credentials{authority.certificate, made.certificate, made.key};
  };
  const link_bench_peer peer{credentials("there")};
  const auto own = credentials("here");
  std::array<std::unique_ptr<frame_sender>, carriers> senders;
  senders[0] = std::make_unique<socket_sender>(peer.ports().socket);
  senders[1] =
      std::make_unique<link_sender>(peer.ports().link, nullptr, plan.sizes);
  senders[2] =
      std::make_unique<link_sender>(peer.ports().tls_link, &own, plan.sizes);

  std::vector<samples> seen(plan.sizes.size());
  const auto runs = static_cast<std::size_t>(plan.repeats) * plan.sizes.size();
  std::size_t done = 0;
  for (int repeat = 0; repeat < plan.repeats; ++repeat)
    for (std::size_t i = 0; i < plan.sizes.size(); ++i) {
      for (const auto with : plan.only) {
        const auto c = static_cast<std::size_t>(with);
        if (plan.bandwidth)
          seen[i].rates[c].push_back(senders[c]->stream(plan.sizes[i]));
        if (plan.round_trip)
          seen[i].times[c].push_back(senders[c]->round_trip(plan.sizes[i]));
      }
      on_progress(++done, runs);
    }
  std::vector<link_bench_row> rows;
  for (std::size_t i = 0; i < plan.sizes.size(); ++i) {
    auto& row = rows.emplace_back();
    row.size = plan.sizes[i];
    for (std::size_t c = 0; c < carriers; ++c) {
      row.bytes_per_second[c] = summarize(seen[i].rates[c]);
      row.round_trip_seconds[c] = summarize(seen[i].times[c]);
    }
  }
  return rows;
}

} // namespace sluice::apps
