// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/schema_formats.hpp"

namespace sluice::device {

namespace {

// RFC 3339: days that the month has, leap years told from others.
const std::string date =
    "(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))"
    "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])"
    "|(?:[02468][048]|[13579][26])00)-02-29)";

const std::string time = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?"
                         "(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";

const std::string label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?";

const std::string byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

// RFC 4291: eight groups, or fewer around one "::".
std::string ipv6() {
  const std::string group = "[0-9A-Fa-f]{1,4}";
  std::string out = "(?:" + group + ":){7}" + group + "|::";
  for (int before = 0; before < 7; ++before) {
    const auto left =
        before == 0
            ? std::string{}
            : "(?:" + group + ":){" + std::to_string(before - 1) + "}" + group;
    const auto after = std::to_string(6 - before);
    if (before > 0)
      out += "|" + left + "::";
    out += "|" + left + "::" + group + "(?::" + group + "){0," + after + "}";
  }
  return out;
}

// RFC 3986 with an authority; user information and IP literals left out.
const std::string uri =
    "[A-Za-z][A-Za-z0-9+.-]{0,15}://" + label + "(?:\\." + label
    + "){0,3}(?::\\d{1,4})?"
      "(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*"
      "(?:\\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
      "(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?";

} // namespace

std::optional<std::string> format_pattern(std::string_view format) {
  if (format == "date")
    return date;
  if (format == "time")
    return time;
  if (format == "date-time")
    return date + "T" + time;
  if (format == "uuid")
    return "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}";
  if (format == "email")
    return "[A-Za-z0-9_%+-]{1,32}(?:\\.[A-Za-z0-9_%+-]{1,16}){0,3}@(?:" + label
           + "\\.){1,4}[A-Za-z]{2,16}";
  if (format == "ipv4")
    return "(?:" + byte + "\\.){3}" + byte;
  if (format == "ipv6")
    return ipv6();
  if (format == "uri")
    return uri;
  if (format == "hostname")
    return label + "(?:\\." + label + "){0,6}";
  return std::nullopt;
}

std::string_view format_names() {
  return "date, time, date-time, uuid, email, ipv4, ipv6, uri, hostname";
}

} // namespace sluice::device
