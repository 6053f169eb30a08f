// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Reads one tool call, the JSON object {"name": ..., "arguments": {...}}, as
// it arrives byte by byte: the name as soon as it is there, the arguments as
// they come. Used by the tool call parsers; knows no convention's markers.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::actors {

class call_scanner {
public:
  enum class state : std::uint8_t {
    more,   ///< the object goes on
    done,   ///< it ended with this byte
    failed, ///< this is no tool call
  };

  /// Takes the next byte. After done and failed, call no more.
  state push(char c);

  /// The name is known and the arguments have begun: a call for sure.
  bool announced() const noexcept { return announced_; }
  const std::string& name() const noexcept { return name_; }
  /// Arguments that came since the last time, as the model wrote them.
  std::string take_arguments();

private:
  enum class place : std::uint8_t {
    before,       // the object
    key_or_end,   // first key, or an empty object
    key,          // after a comma
    in_key,       // a string
    colon,        // after a key
    value,        // before its first byte
    in_text,      // a string value
    in_scalar,    // number, true, false, null
    in_container, // object or array
    after_value,  // comma or end
  };

  state at_start(char c);
  state begin_key(char c);
  state begin_value(char c);
  state in_string(char c);
  state in_scalar(char c);
  state in_container(char c);
  state after_value(char c);
  state end_string();
  state end_object();
  bool is_arguments() const;
  void announce();

  place place_ = place::before;
  bool escaped_ = false;    // the byte before was a backslash in a string
  bool quoted_ = false;     // in a string within a container
  std::uint32_t depth_ = 0; // of containers within the value
  std::string key_;         // raw JSON string without quotes, then decoded
  std::string text_;        // value of "name", raw
  std::string name_;        // decoded
  std::string arguments_;   // not taken yet
  bool has_arguments_ = false;
  bool announced_ = false;
};

} // namespace sluice::actors
