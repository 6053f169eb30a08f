// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One try to connect a session to its peer: name, TCP, TLS, hello. Inside
// transport/link only.
#pragma once

#include "transport/link/session_core.hpp"

namespace sluice::transport::link {

class dial_attempt final : public stoppable,
                           public std::enable_shared_from_this<dial_attempt> {
public:
  /// `peer` is the node's name that is expected; "" takes any.
  dial_attempt(std::shared_ptr<endpoint_core> core,
               std::shared_ptr<session_core> session, address where,
               std::string peer);

  /// On the session's strand, as everything here.
  void start();
  void cancel() override;

private:
  using tcp = boost::asio::ip::tcp;

  void connect(const tcp::resolver::results_type& found);
  void greet();
  void judge(greeting_result server);
  void judge(const refusal& said);
  void fail(fault what, const std::string& why, bool give_up);

  std::shared_ptr<endpoint_core> core_;
  std::shared_ptr<session_core> session_;
  address where_;
  std::string peer_;
  bool done_ = false;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::asio::steady_timer limit_;
};

} // namespace sluice::transport::link
