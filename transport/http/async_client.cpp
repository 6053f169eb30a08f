// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/async_client.hpp"

#include "transport/http/answer_parser.hpp"
#include "transport/http/wire_text.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <unordered_set>
#include <vector>

namespace sluice::transport::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

namespace {

constexpr std::size_t read_size = 8 * 1024;

/// A connection and the call it carries; no receiver while it is idle.
struct connection {
  explicit connection(asio::io_context& context)
      : socket{context}, limit{context} {}

  tcp::socket socket;
  asio::steady_timer limit;
  beast::flat_buffer in;
  std::optional<answer_parser> answer;
  std::shared_ptr<answer_receiver> receiver;
  std::string text; // the request
  async_client::clock::time_point deadline;
  bool head_only = false;
  bool kept = false; // has carried a call before
  bool any = false;  // a byte of the answer has come
  bool told = false; // the receiver has the head
};

using connection_ptr = std::shared_ptr<connection>;

std::string whole_text(std::chrono::milliseconds value) {
  const auto ms = value.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s"
                        : std::to_string(ms) + " ms";
}

} // namespace

struct async_client::impl {
  impl(const address& server, async_settings how);

  void connect(const connection_ptr& c);
  void write(const connection_ptr& c);
  void read(const connection_ptr& c);
  void take(const connection_ptr& c, error_code ec);
  bool hand_over(const connection_ptr& c);
  void repeat(const connection_ptr& c);
  void limit(const connection_ptr& c, clock::time_point when, call_end how,
             const std::string& why);
  void finish(const connection_ptr& c, call_end how, const std::string& why);

  address where;
  async_settings settings;
  asio::io_context context{1}; // one thread: no locks
  tcp::resolver::results_type endpoints;
  std::vector<connection_ptr> idle;
  std::unordered_set<connection_ptr> busy;
  std::size_t opened = 0;
  std::size_t repeated = 0;
};

async_client::impl::impl(const address& server, async_settings how)
    : where{server}, settings{how} {
  if (where.host.empty())
    where.host = "127.0.0.1";
  error_code ec;
  endpoints = tcp::resolver{context}.resolve(where.host,
                                             std::to_string(where.port), ec);
  if (ec)
    throw http_error{"cannot resolve " + where.host + ": " + ec.message()};
}

void async_client::impl::limit(const connection_ptr& c, clock::time_point when,
                               call_end how, const std::string& why) {
  c->limit.expires_at(when);
  c->limit.async_wait([this, c, how, why](const error_code& ec) {
    // A timer that fired may find the connection in its next call.
    if (!ec && c->receiver && clock::now() >= c->limit.expiry())
      finish(c, how, why);
  });
}

void async_client::impl::connect(const connection_ptr& c) {
  ++opened;
  limit(c, std::min(clock::now() + settings.connect_timeout, c->deadline),
        call_end::not_connected,
        "no connection to " + to_string(where) + " within "
            + whole_text(settings.connect_timeout));
  asio::async_connect(
      c->socket, endpoints,
      [this, c](const error_code& result, const tcp::endpoint&) {
        if (!c->receiver)
          return;
        if (result)
          return finish(c, call_end::not_connected,
                        "cannot connect to " + to_string(where) + ": "
                            + result.message());
        error_code ignored;
        c->socket.set_option(tcp::no_delay(true), ignored);
        write(c);
      });
}

void async_client::impl::write(const connection_ptr& c) {
  limit(c, c->deadline, call_end::timed_out,
        "no whole answer from " + to_string(where) + " within "
            + whole_text(settings.call_timeout));
  asio::async_write(c->socket, asio::buffer(c->text),
                    [this, c](const error_code&, std::size_t) {
                      // A write that failed may still have an answer: 413.
                      if (c->receiver)
                        read(c);
                    });
}

void async_client::impl::read(const connection_ptr& c) {
  c->socket.async_read_some(c->in.prepare(read_size),
                            [this, c](const error_code& ec, std::size_t n) {
                              if (!c->receiver)
                                return;
                              c->in.commit(n);
                              c->any = c->any || n > 0;
                              take(c, ec);
                            });
}

void async_client::impl::take(const connection_ptr& c, error_code ec) {
  if (ec && !c->any && c->kept)
    return repeat(c); // closed by the server before it saw this call
  if (!ec)
    c->answer->parse(c->in, ec);
  else if (ec == asio::error::eof)
    c->answer->parse_end(ec);
  if (!hand_over(c))
    return finish(c, call_end::unwanted, "the receiver had enough");
  if (ec)
    return finish(c, call_end::broken_off,
                  "the answer of " + to_string(where)
                      + " broke off: " + ec.message());
  if (c->answer->done())
    return finish(c, call_end::done, {});
  read(c);
}

bool async_client::impl::hand_over(const connection_ptr& c) {
  if (!c->answer->head_done())
    return true;
  if (!std::exchange(c->told, true))
    c->receiver->on_head(c->answer->head());
  auto& body = c->answer->body();
  const bool wanted = body.empty() || c->receiver->on_bytes(body);
  body.clear();
  return wanted;
}

void async_client::impl::repeat(const connection_ptr& c) {
  ++repeated;
  c->kept = false;
  error_code ignored;
  c->socket.close(ignored);
  connect(c);
}

void async_client::impl::finish(const connection_ptr& c, call_end how,
                                const std::string& why) {
  busy.erase(c);
  c->limit.cancel();
  const auto receiver = std::exchange(c->receiver, nullptr);
  if (how == call_end::done && settings.keep_alive && c->answer->keep_alive()) {
    c->kept = true;
    idle.push_back(c); // first: on_end may start the next call
  } else {
    error_code ignored;
    c->socket.close(ignored);
  }
  receiver->on_end(how, why);
}

async_client::async_client(const address& where, async_settings settings)
    : impl_{std::make_unique<impl>(where, settings)} {}

async_client::~async_client() = default;

void async_client::start(std::string_view method, std::string_view target,
                         std::string_view body, const header_list& headers,
                         std::shared_ptr<answer_receiver> receiver) {
  auto& self = *impl_;
  connection_ptr c;
  if (self.idle.empty()) {
    c = std::make_shared<connection>(self.context);
  } else {
    c = std::move(self.idle.back());
    self.idle.pop_back();
  }
  auto fields = headers;
  if (!self.settings.keep_alive)
    fields.emplace_back("Connection", "close");
  c->text = request_text(self.where, method, target, body, fields);
  c->head_only = method == "HEAD";
  c->receiver = std::move(receiver);
  c->deadline = clock::now() + self.settings.call_timeout;
  c->answer.emplace(c->head_only);
  c->in.clear();
  c->any = c->told = false;
  self.busy.insert(c);
  if (c->kept)
    self.write(c);
  else
    self.connect(c);
}

void async_client::at(clock::time_point when, std::function<void()> what) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->context, when);
  timer->async_wait(
      [timer, what = std::move(what)](const error_code&) { what(); });
}

void async_client::run() {
  impl_->context.restart();
  impl_->context.run();
}

void async_client::stop() {
  const auto ending = impl_->busy;
  for (const auto& c : ending)
    impl_->finish(c, call_end::stopped, "stopped");
  impl_->context.stop();
}

std::size_t async_client::in_flight() const noexcept {
  return impl_->busy.size();
}

std::size_t async_client::connections_opened() const noexcept {
  return impl_->opened;
}

std::size_t async_client::calls_repeated() const noexcept {
  return impl_->repeated;
}

} // namespace sluice::transport::http
