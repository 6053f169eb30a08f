// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An HTTP/1.1 response out of the bytes of a connection, wherever they are cut.
// What the blocking and the asynchronous client share; knows no socket.
#pragma once

#include "transport/http/message.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace sluice::transport::http {

/// Reads one response; "100 Continue" before it is skipped.
class answer_parser {
public:
  using error_code = boost::system::error_code;

  /// `head_only`: the answer to HEAD. `body_limit` in bytes; nothing: any.
  explicit answer_parser(bool head_only,
                         std::optional<std::uint64_t> body_limit = {});

  /// Takes what it can from `in`. Unless done() or `ec`, more bytes are wanted.
  void parse(boost::beast::flat_buffer& in, error_code& ec);
  /// The peer has closed: the end of a body without a length, or an error.
  void parse_end(error_code& ec);

  bool head_done() const;
  bool done() const;
  /// Whether the connection may carry another request afterwards.
  bool keep_alive() const;
  unsigned status() const;
  /// Status and fields, without the body.
  response head() const;
  /// What has come of the body; a caller that streams clears it.
  std::string& body();

private:
  using parser =
      boost::beast::http::response_parser<boost::beast::http::string_body>;

  void restart();

  bool head_only_;
  std::optional<std::uint64_t> body_limit_;
  std::optional<parser> parser_; // one per response, and not movable
};

} // namespace sluice::transport::http
