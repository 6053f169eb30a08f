// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A TCP relay that stands for the network: it delays, cuts connections after a
// number of bytes in one direction, or goes quiet without closing.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <future>
#include <limits>
#include <memory>
#include <set>
#include <thread>

namespace sluice::test {

class relay {
public:
  using tcp = boost::asio::ip::tcp;
  static constexpr std::size_t endless =
      std::numeric_limits<std::size_t>::max();

  /// What happens to one connection.
  struct plan {
    std::size_t forward = endless;  ///< bytes from who connected, then cut
    std::size_t backward = endless; ///< bytes to who connected, then cut
  };

  explicit relay(std::uint16_t target)
      : target_{boost::asio::ip::make_address("127.0.0.1"), target},
        acceptor_{context_, {boost::asio::ip::make_address("127.0.0.1"), 0}} {
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~relay() {
    boost::asio::post(context_, [this] { acceptor_.close(); });
    cut_all();
    work_.reset();
    thread_.join();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// For the next connections, one each; then they are left alone.
  void plan_next(plan what) {
    on_thread([this, what] { plans_.push_back(what); });
  }
  /// Cuts what is connected now; returns when it is done.
  void cut_all() {
    on_thread([this] {
      for (const auto& one : std::set{open_})
        one->close();
    });
  }
  /// Nothing passes any more, and nothing is closed: a cable is cut.
  void go_quiet(bool quiet) {
    on_thread([this, quiet] {
      quiet_ = quiet;
      if (!quiet)
        for (const auto& one : open_)
          one->resume();
    });
  }
  void set_delay(std::chrono::milliseconds value) {
    on_thread([this, value] { delay_ = value; });
  }
  std::size_t forwarded() const { return forwarded_; }
  std::size_t backwarded() const { return backwarded_; }
  std::size_t connections() const { return connections_; }

private:
  struct pump {
    tcp::socket* from = nullptr;
    tcp::socket* to = nullptr;
    std::size_t left = endless;
    std::atomic<std::size_t>* count = nullptr;
    std::array<char, 64 * 1024> bytes;
    bool held = false; // has read nothing since all went quiet
  };

  struct pair : std::enable_shared_from_this<pair> {
    pair(relay& owner, tcp::socket socket)
        : home{owner}, client{std::move(socket)}, server{owner.context_},
          timers{boost::asio::steady_timer{owner.context_},
                 boost::asio::steady_timer{owner.context_}} {}

    void start(const plan& how) {
      pumps[0].from = pumps[1].to = &client;
      pumps[0].to = pumps[1].from = &server;
      pumps[0].left = how.forward;
      pumps[1].left = how.backward;
      pumps[0].count = &home.forwarded_;
      pumps[1].count = &home.backwarded_;
      boost::system::error_code ec;
      server.connect(home.target_, ec);
      if (ec)
        return close();
      server.set_option(tcp::no_delay(true), ec);
      client.set_option(tcp::no_delay(true), ec);
      for (std::size_t i : {0, 1})
        if (pumps[i].left == 0)
          return close();
      read(0);
      read(1);
    }
    void read(std::size_t i) {
      if (home.quiet_) {
        pumps[i].held = true;
        return;
      }
      auto& one = pumps[i];
      one.from->async_read_some(
          boost::asio::buffer(one.bytes),
          [self = shared_from_this(), i](const auto& ec, std::size_t n) {
            if (ec)
              return self->close();
            self->pass(i, n);
          });
    }
    void pass(std::size_t i, std::size_t n) {
      if (home.delay_.count() == 0)
        return write(i, n);
      timers[i].expires_after(home.delay_);
      timers[i].async_wait([self = shared_from_this(), i, n](const auto& ec) {
        if (!ec)
          self->write(i, n);
      });
    }
    void write(std::size_t i, std::size_t n) {
      auto& one = pumps[i];
      const auto now = std::min(n, one.left);
      boost::asio::async_write(
          *one.to, boost::asio::buffer(one.bytes.data(), now),
          [self = shared_from_this(), i, now](const auto& ec, std::size_t) {
            auto& again = self->pumps[i];
            *again.count += now;
            if (again.left != endless)
              again.left -= now;
            if (ec || again.left == 0)
              return self->close();
            self->read(i);
          });
    }
    void resume() {
      for (std::size_t i : {0, 1})
        if (std::exchange(pumps[i].held, false))
          read(i);
    }
    void close() {
      boost::system::error_code ignored;
      client.close(ignored);
      server.close(ignored);
      for (auto& timer : timers)
        timer.cancel();
      home.open_.erase(shared_from_this());
    }

    relay& home;
    tcp::socket client;
    tcp::socket server;
    std::array<boost::asio::steady_timer, 2> timers;
    std::array<pump, 2> pumps;
  };

  template <class F>
  void on_thread(F&& what) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }

  void accept() {
    acceptor_.async_accept([this](const auto& ec, tcp::socket socket) {
      if (ec)
        return;
      ++connections_;
      auto made = std::make_shared<pair>(*this, std::move(socket));
      open_.insert(made);
      plan how;
      if (!plans_.empty()) {
        how = plans_.front();
        plans_.pop_front();
      }
      made->start(how);
      accept();
    });
  }

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_{context_.get_executor()};
  tcp::endpoint target_;
  tcp::acceptor acceptor_;
  std::set<std::shared_ptr<pair>> open_;
  std::deque<plan> plans_;
  bool quiet_ = false;
  std::chrono::milliseconds delay_{0};
  std::atomic<std::size_t> forwarded_ = 0;
  std::atomic<std::size_t> backwarded_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::thread thread_;
};

} // namespace sluice::test
