// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The start of a connection on either side: TLS, the preamble, one control
// frame, all within a deadline. What the frame says is the caller's affair.
#pragma once

#include "transport/link/byte_stream.hpp"
#include "transport/link/endpoint_core.hpp"
#include "transport/link/frame_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

namespace sluice::transport::link {

using link_strand = boost::asio::strand<boost::asio::io_context::executor_type>;

/// The first bytes of both directions; no text protocol begins like this.
inline constexpr std::string_view preamble{"\x89SLUICE\n", 8};

/// The preamble and a control frame, ready to be written.
std::vector<std::byte> greeting_bytes(const control& frame);
/// A control frame alone.
std::vector<std::byte> control_frame(const control& frame);

/// How it went: a frame, or what was wrong.
struct greeting_result {
  std::optional<control> frame;
  std::shared_ptr<byte_stream> stream;
  frame_reader reader; ///< may hold bytes that came behind the frame
  fault what = fault::disconnected;
  std::string why;
};

class greeting final : public stoppable,
                       public std::enable_shared_from_this<greeting> {
public:
  using receiver = std::function<void(greeting_result)>;

  /// `first` is written before anything is read; who accepts has none. `done`
  /// is called once, on `strand`, unless cancelled.
  greeting(std::shared_ptr<endpoint_core> core, link_strand strand,
           std::shared_ptr<byte_stream> stream, std::vector<std::byte> first,
           receiver done);

  void start();
  void cancel() override;

private:
  void secure();
  void write();
  void read();
  bool digest();
  void wait(bool for_write, void (greeting::*next)());
  void fail(fault what, std::string why);
  void finish();

  std::shared_ptr<endpoint_core> core_;
  link_strand strand_;
  boost::asio::steady_timer deadline_;
  std::vector<std::byte> first_;
  std::size_t written_ = 0;
  bool greeted_ = false; // the preamble was right
  greeting_result result_;
  receiver done_;
};

} // namespace sluice::transport::link
