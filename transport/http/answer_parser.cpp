// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/answer_parser.hpp"

#include <boost/asio/error.hpp>

namespace sluice::transport::http {

namespace beast = boost::beast;

answer_parser::answer_parser(bool head_only,
                             std::optional<std::uint64_t> body_limit)
    : head_only_{head_only}, body_limit_{body_limit} {
  restart();
}

void answer_parser::restart() {
  parser_.emplace();
  parser_->eager(true);
  parser_->skip(head_only_);
  if (body_limit_)
    parser_->body_limit(*body_limit_);
  else
    parser_->body_limit(boost::none);
}

void answer_parser::parse(beast::flat_buffer& in, error_code& ec) {
  for (ec = {}; in.size() > 0 && !done();) {
    in.consume(parser_->put(in.data(), ec));
    if (ec == beast::http::error::need_more) {
      ec = {};
      return;
    }
    if (ec)
      return;
    if (parser_->is_done() && status() == 100)
      restart();
  }
}

void answer_parser::parse_end(error_code& ec) {
  if (parser_->got_some())
    parser_->put_eof(ec);
  else
    ec = boost::asio::error::eof;
}

bool answer_parser::head_done() const {
  return parser_->is_header_done();
}

bool answer_parser::done() const {
  return parser_->is_done();
}

bool answer_parser::keep_alive() const {
  return parser_->get().keep_alive();
}

unsigned answer_parser::status() const {
  return parser_->get().result_int();
}

response answer_parser::head() const {
  response out;
  out.status = status();
  for (const auto& field : parser_->get())
    out.headers.emplace_back(field.name_string(), field.value());
  return out;
}

std::string& answer_parser::body() {
  return parser_->get().body();
}

} // namespace sluice::transport::http
