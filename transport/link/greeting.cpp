// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/greeting.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>

namespace sluice::transport::link {

namespace asio = boost::asio;

std::vector<std::byte> control_frame(const control& frame) {
  const auto header = encode(frame);
  frame_prefix prefix;
  prefix.length = prefix.header = static_cast<std::uint32_t>(header.size());
  const auto block = encode(prefix, header);
  std::vector<std::byte> out(block.size() + header.size());
  std::copy(block.begin(), block.end(), out.begin());
  std::copy(header.begin(), header.end(), out.begin() + block.size());
  return out;
}

std::vector<std::byte> greeting_bytes(const control& frame) {
  const auto bytes = control_frame(frame);
  const auto front = std::as_bytes(std::span{preamble});
  std::vector<std::byte> out(front.size() + bytes.size());
  std::copy(front.begin(), front.end(), out.begin());
  std::copy(bytes.begin(), bytes.end(), out.begin() + front.size());
  return out;
}

greeting::greeting(std::shared_ptr<endpoint_core> core, link_strand strand,
                   std::shared_ptr<byte_stream> stream,
                   std::vector<std::byte> first, receiver done)
    : core_{std::move(core)}, strand_{std::move(strand)}, deadline_{strand_},
      first_{std::move(first)}, done_{std::move(done)} {
  result_.stream = std::move(stream);
}

void greeting::start() {
  asio::dispatch(strand_, [self = shared_from_this()] {
    self->deadline_.expires_after(self->core_->settings.handshake_timeout);
    self->deadline_.async_wait([self](const auto& ec) {
      if (!ec && self->done_)
        self->fail(fault::handshake_timeout, "no whole handshake in time");
    });
    self->secure();
  });
}

void greeting::cancel() {
  asio::post(strand_, [self = shared_from_this()] {
    self->done_ = nullptr;
    self->finish();
  });
}

// Leaves nothing behind that could be waited for.
void greeting::finish() {
  deadline_.cancel();
  if (result_.stream && !result_.frame)
    result_.stream->shut_down();
  core_->leave(shared_from_this());
}

void greeting::fail(fault what, std::string why) {
  result_.what = what;
  result_.why = std::move(why);
  finish();
  if (const auto done = std::exchange(done_, nullptr))
    done(std::move(result_));
}

void greeting::wait(bool for_write, void (greeting::*next)()) {
  auto go_on = [self = shared_from_this(), next] {
    if (self->done_)
      (self.get()->*next)();
  };
  if (for_write)
    result_.stream->wait_writable(strand_, std::move(go_on));
  else
    result_.stream->wait_readable(strand_, std::move(go_on));
}

void greeting::secure() {
  bool for_write = false;
  const auto went = result_.stream->handshake(for_write);
  if (went.blocked)
    return wait(for_write, &greeting::secure);
  if (!went.ended)
    return write();
  fail(went.tls_refused     ? fault::bad_certificate
       : went.error.empty() ? fault::disconnected
                            : fault::foreign_protocol,
       went.error.empty() ? "closed in the TLS handshake" : went.error);
}

void greeting::write() {
  const iovec rest{first_.data() + written_, first_.size() - written_};
  const auto went = rest.iov_len > 0 ? result_.stream->write({&rest, 1})
                                     : result_.stream->flush();
  written_ += went.bytes;
  if (went.ended)
    return read(); // an alert may be there that says why
  if (went.blocked || written_ < first_.size())
    return wait(true, &greeting::write);
  read();
}

void greeting::read() {
  std::array<iovec, 1> into;
  const auto space = result_.reader.space()[2];
  into[0] = {space.data(), space.size()};
  const auto went = result_.stream->read(into);
  if (went.ended)
    return fail(went.tls_refused ? fault::bad_certificate : fault::disconnected,
                went.error.empty() ? "closed in the handshake" : went.error);
  result_.reader.commit(went.bytes);
  if (digest())
    wait(false, &greeting::read);
}

// True when more bytes are needed.
bool greeting::digest() {
  if (!greeted_) {
    const auto have = result_.reader.peek(preamble.size());
    if (std::memcmp(have.data(), preamble.data(), have.size()) != 0) {
      fail(fault::foreign_protocol, "not a link");
      return false;
    }
    if (have.size() < preamble.size())
      return true;
    result_.reader.drop(preamble.size());
    greeted_ = true;
  }
  using step = frame_reader::step;
  const auto found = result_.reader.next();
  if (found == step::need_bytes)
    return true;
  if (found != step::header) {
    fail(found == step::oversized ? fault::oversized_frame
         : found == step::corrupt ? fault::corrupt_frame
                                  : fault::malformed_frame,
         "in the handshake");
    return false;
  }
  auto frame = decode_control(result_.reader.header());
  if (!frame || result_.reader.prefix().channel != 0
      || result_.reader.payload_bytes() != 0) {
    fail(fault::malformed_frame, "in the handshake");
    return false;
  }
  result_.reader.skip();
  result_.reader.next(); // its payload of no bytes
  result_.frame = std::move(frame);
  finish();
  if (const auto done = std::exchange(done_, nullptr))
    done(std::move(result_));
  return false;
}

} // namespace sluice::transport::link
