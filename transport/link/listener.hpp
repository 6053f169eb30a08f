// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Accepts connections for an endpoint and lets those in that say the right
// things. Inside transport/link only.
#pragma once

#include "transport/link/greeting.hpp"

namespace sluice::transport::link {

class listener final : public stoppable,
                       public std::enable_shared_from_this<listener> {
public:
  listener(std::shared_ptr<endpoint_core> core, endpoint::acceptance accept);

  /// Throws link_error.
  address listen(const address& where);
  void cancel() override;

private:
  void accept();
  void welcome(boost::asio::ip::tcp::socket socket);
  void judge(greeting_result guest, const std::string& who);
  void admit(greeting_result guest, const hello& said, std::uint16_t version);
  void refuse(const greeting_result& guest, const std::string& who, fault what,
              refusal_reason reason, const std::string& why);

  std::shared_ptr<endpoint_core> core_;
  endpoint::acceptance accept_;
  link_strand strand_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
};

} // namespace sluice::transport::link
