// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/request_headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace sluice::actors {

namespace http = transport::http;

std::string request_id_of(const http::header_list& headers,
                          std::uint64_t made) {
  const auto given = http::find(headers, "X-Request-Id").value_or("");
  const bool good =
      !given.empty() && given.size() <= 128
      && std::ranges::all_of(given, [](char c) { return c > ' ' && c < 0x7f; });
  if (good)
    return std::string{given};
  std::array<char, 32> text;
  const int n = std::snprintf(text.data(), text.size(), "req-%016llx",
                              static_cast<unsigned long long>(made));
  return {text.data(), static_cast<std::size_t>(n)};
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  auto differ = static_cast<unsigned>(a.size() != b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    differ |= static_cast<unsigned char>(a[i])
              ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return differ == 0;
}

parsed<std::optional<std::chrono::milliseconds>>
parse_timeout(const http::header_list& headers) {
  const auto text = http::find(headers, "X-Request-Timeout");
  if (!text)
    return std::optional<std::chrono::milliseconds>{};
  double seconds = 0;
  const auto* end = text->data() + text->size();
  const auto [rest, ec] = std::from_chars(text->data(), end, seconds);
  if (ec != std::errc{} || rest != end || !(seconds >= 0.001)
      || !(seconds <= 86400))
    return api_error{400,
                     "the header X-Request-Timeout must be seconds between "
                     "0.001 and 86400, not '"
                         + std::string{*text} + "'",
                     "X-Request-Timeout",
                     {},
                     0};
  return std::optional{
      std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)}};
}

std::string_view bearer_of(const http::header_list& headers) {
  constexpr std::string_view scheme = "Bearer ";
  auto given = http::find(headers, "Authorization").value_or("");
  if (!given.starts_with(scheme))
    return {};
  given.remove_prefix(scheme.size());
  return given;
}

bool has_key(const http::header_list& headers,
             std::span<const std::string> keys) {
  if (keys.empty())
    return true;
  const auto given = bearer_of(headers);
  bool known = false; // every key is compared: time tells nothing
  for (const auto& key : keys)
    known |= same_secret(given, key);
  return known;
}

std::string tenant_of(const http::header_list& headers,
                      std::span<const std::string> keys,
                      std::string_view user) {
  const auto given = bearer_of(headers);
  std::size_t index = 0;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (same_secret(given, keys[i]))
      index = i;
  return std::to_string(index) + "/" + std::string{user};
}

http::header_list cors_headers(const std::string& origin) {
  if (origin.empty())
    return {};
  return {{"Access-Control-Allow-Origin", origin},
          {"Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"},
          {"Access-Control-Allow-Headers",
           "Authorization, Content-Type, X-Request-Id, X-Request-Timeout"},
          {"Access-Control-Expose-Headers", "X-Request-Id"},
          {"Access-Control-Max-Age", "600"}};
}

} // namespace sluice::actors
