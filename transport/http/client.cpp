// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/client.hpp"

#include "transport/http/answer_parser.hpp"
#include "transport/http/wire_text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace sluice::transport::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr std::chrono::milliseconds poll_interval{20};

std::string seconds_text(std::chrono::milliseconds value) {
  const auto ms = value.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s"
                        : std::to_string(ms) + " ms";
}

// The connection closed before a single byte of the answer.
class no_answer : public http_error {
public:
  using http_error::http_error;
};

} // namespace

struct client::impl {
  address where;
  client_settings settings;
  asio::io_context context;
  tcp::socket socket{context};
  beast::flat_buffer in;

  // Runs one asynchronous operation until it is done, late or cancelled.
  template <class Start>
  std::size_t await(Start start, std::chrono::milliseconds limit,
                    const char* what, error_code& ec);
  void connect();
  void close();
  response exchange(const std::string& text, bool head_only,
                    const std::function<bool(std::string_view)>* on_bytes);
  response receive(bool head_only,
                   const std::function<bool(std::string_view)>* on_bytes);
  void read_some(answer_parser& answer, bool& any);
};

template <class Start>
std::size_t client::impl::await(Start start, std::chrono::milliseconds limit,
                                const char* what, error_code& ec) {
  bool done = false;
  std::size_t bytes = 0;
  start([&](const error_code& result, std::size_t n) {
    done = true;
    ec = result;
    bytes = n;
  });
  const auto until = clock::now() + limit;
  const auto give_up = [&](const std::string& why) {
    close();
    context.restart();
    context.run(); // the operation ends, aborted; its captures are ours
    throw http_error{why};
  };
  for (context.restart(); !done;) {
    if (settings.cancelled && settings.cancelled())
      give_up("cancelled");
    if (context.run_one_for(poll_interval) > 0)
      continue;
    if (clock::now() >= until)
      give_up(std::string{what} + " " + to_string(where) + " within "
              + seconds_text(limit));
  }
  return bytes;
}

void client::impl::close() {
  error_code ignored;
  socket.close(ignored);
  in.consume(in.size());
}

void client::impl::connect() {
  error_code ec;
  tcp::resolver resolver{context};
  const auto host = where.host.empty() ? "127.0.0.1" : where.host;
  const auto found = resolver.resolve(host, std::to_string(where.port), ec);
  if (!ec)
    await(
        [&](auto handler) {
          asio::async_connect(
              socket, found,
              [handler](const error_code& result,
                        const tcp::endpoint&) mutable { handler(result, 0); });
        },
        settings.connect_timeout, "no connection to", ec);
  if (ec) {
    close();
    throw http_error{"cannot connect to " + to_string(where) + ": "
                     + ec.message()};
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
}

response
client::impl::exchange(const std::string& text, bool head_only,
                       const std::function<bool(std::string_view)>* on_bytes) {
  for (bool reused = socket.is_open();; reused = false) {
    if (!reused)
      connect();
    error_code ec;
    await(
        [&](auto handler) {
          asio::async_write(socket, asio::buffer(text), handler);
        },
        settings.read_timeout, "nothing taken by", ec);
    try {
      // A write that failed may still have an answer to read: 413.
      return receive(head_only, on_bytes);
    } catch (const no_answer&) {
      // The server may have closed a kept connection before it saw us.
      if (!reused)
        throw;
    }
  }
}

void client::impl::read_some(answer_parser& answer, bool& any) {
  error_code ec;
  const auto bytes = await(
      [&](auto handler) {
        socket.async_read_some(in.prepare(read_size), handler);
      },
      settings.read_timeout, "no answer from", ec);
  in.commit(bytes);
  any = any || bytes > 0;
  if (!ec)
    answer.parse(in, ec);
  else if (ec == asio::error::eof)
    answer.parse_end(ec);
  if (!ec)
    return;
  close();
  const auto why =
      "the answer of " + to_string(where) + " broke off: " + ec.message();
  if (!any)
    throw no_answer{why};
  throw http_error{why};
}

response
client::impl::receive(bool head_only,
                      const std::function<bool(std::string_view)>* on_bytes) {
  answer_parser answer{
      head_only, on_bytes ? std::nullopt : std::optional{settings.body_limit}};
  bool wanted = true;
  for (bool any = false; wanted && !answer.done();) {
    read_some(answer, any);
    if (!on_bytes || !answer.head_done() || answer.status() / 100 != 2
        || answer.body().empty())
      continue;
    wanted = (*on_bytes)(answer.body());
    answer.body().clear();
  }
  if (!answer.done() || !answer.keep_alive())
    close();
  auto out = answer.head();
  out.body = std::move(answer.body());
  return out;
}

client::client(address where, client_settings settings)
    : impl_{std::make_unique<impl>()} {
  impl_->where = std::move(where);
  impl_->settings = std::move(settings);
}

client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

response client::send(std::string_view method, std::string_view target,
                      std::string_view body, const header_list& headers) {
  return impl_->exchange(
      request_text(impl_->where, method, target, body, headers),
      method == "HEAD", nullptr);
}

response client::stream(std::string_view method, std::string_view target,
                        std::string_view body,
                        const std::function<bool(std::string_view)>& on_bytes,
                        const header_list& headers) {
  return impl_->exchange(
      request_text(impl_->where, method, target, body, headers), false,
      &on_bytes);
}

response client::events(std::string_view method, std::string_view target,
                        std::string_view body, event_reader::callback on_event,
                        const header_list& headers) {
  event_reader reader{std::move(on_event)};
  return stream(
      method, target, body,
      [&](std::string_view bytes) { return reader.push(bytes); }, headers);
}

void client::close() {
  impl_->close();
}

} // namespace sluice::transport::http
