// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/wire_text.hpp"

#include <ostream> // Boost 1.81 string_view forgets it

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace sluice::transport::http {

namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || others.find(c) != others.npos;
  });
}

bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

// RFC 9110's IMF-fixdate, whatever the locale.
std::string date_text(std::time_t date) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&date, &utc);
  std::array<char, 64> text;
  const int n = std::snprintf(
      text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
      days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900,
      utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(n)};
}

} // namespace

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

std::string_view reason(unsigned status) {
  const auto text = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(status));
  return {text.data(), text.size()};
}

std::string head_text(const response& head, framing body, bool keep_alive,
                      std::time_t date) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + " ";
  out.append(reason(head.status)).append("\r\nDate: ").append(date_text(date));
  for (const auto& [name, value] : head.headers)
    if (is_token(name) && is_value(value))
      out.append("\r\n").append(name).append(": ").append(value);
  if (body == framing::length && head.status != 204)
    out += "\r\nContent-Length: " + std::to_string(head.body.size());
  if (body == framing::chunked)
    out += "\r\nTransfer-Encoding: chunked";
  out += keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  out += "\r\n\r\n";
  return out;
}

std::string chunk_text(std::string_view bytes) {
  std::array<char, 20> size;
  const auto end =
      std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16)
          .ptr;
  std::string out{size.data(), end};
  out.append("\r\n").append(bytes).append("\r\n");
  return out;
}

} // namespace sluice::transport::http
