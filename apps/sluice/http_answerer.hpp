// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers from a server's /v1/chat/completions.
#pragma once

#include "apps/sluice/answerer.hpp"
#include "transport/address.hpp"

namespace sluice::apps {

class http_answerer : public answerer {
public:
  explicit http_answerer(transport::address server)
      : server_{std::move(server)} {}

  /// Throws transport::http::http_error with the server's own message.
  given_answer answer(const std::vector<chat_message>& messages,
                      const chat_options& options, const on_text& show,
                      const question& cancelled) override;

private:
  transport::address server_;
};

} // namespace sluice::apps
