// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sluice::transport::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using clock = std::chrono::steady_clock;
using parser = beast::http::response_parser<beast::http::string_body>;

namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr std::chrono::milliseconds poll_interval{20};

std::string seconds_text(std::chrono::milliseconds value) {
  const auto ms = value.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s"
                        : std::to_string(ms) + " ms";
}

std::string request_text(const address& where, std::string_view method,
                         std::string_view target, std::string_view body,
                         const header_list& headers) {
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  for (const auto& [name, value] : headers)
    out.append(name).append(": ").append(value).append("\r\n");
  if (!find(headers, "Host"))
    out.append("Host: ").append(to_string(where)).append("\r\n");
  if (!body.empty() && !find(headers, "Content-Type"))
    out.append("Content-Type: application/json\r\n");
  if (!body.empty() || method == "POST")
    out.append("Content-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n");
  return out.append("\r\n").append(body);
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
  bool hungry = false; // what `in` holds is not enough to go on

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
  bool read_some(parser& answer, bool& any);
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

bool client::impl::read_some(parser& answer, bool& any) {
  error_code ec;
  if (in.size() == 0 || hungry) {
    const auto bytes = await(
        [&](auto handler) {
          socket.async_read_some(in.prepare(read_size), handler);
        },
        settings.read_timeout, "no answer from", ec);
    in.commit(bytes);
    any = any || bytes > 0;
  }
  if (!ec)
    in.consume(answer.put(in.data(), ec));
  else if (ec == asio::error::eof && answer.got_some())
    answer.put_eof(ec);
  hungry = ec == beast::http::error::need_more;
  if (ec && !hungry) {
    close();
    const auto why =
        "the answer of " + to_string(where) + " broke off: " + ec.message();
    if (!any)
      throw no_answer{why};
    throw http_error{why};
  }
  return !answer.is_done();
}

response
client::impl::receive(bool head_only,
                      const std::function<bool(std::string_view)>* on_bytes) {
  hungry = false;
  for (bool any = false;;) {
    parser answer;
    answer.eager(true);
    answer.skip(head_only);
    if (on_bytes)
      answer.body_limit(boost::none);
    else
      answer.body_limit(settings.body_limit);
    bool more = true;
    bool wanted = true;
    while (more && wanted) {
      more = read_some(answer, any);
      if (!on_bytes || !answer.is_header_done()
          || answer.get().result_int() / 100 != 2)
        continue;
      const auto bytes = std::exchange(answer.get().body(), {});
      wanted = bytes.empty() || (*on_bytes)(bytes);
    }
    auto& message = answer.get();
    if (message.result_int() == 100)
      continue;
    if (more || !answer.keep_alive())
      close();
    response out;
    out.status = message.result_int();
    for (const auto& field : message)
      out.headers.emplace_back(field.name_string(), field.value());
    out.body = std::move(message.body());
    return out;
  }
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
