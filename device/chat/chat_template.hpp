// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Conversation to prompt text with the model's own Jinja template, rendered as
// Python's jinja2 with trim_blocks, lstrip_blocks and loopcontrols renders it.
// Parsed once, then immutable and thread-safe.
#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::device {

/// What a template is rendered with. `messages` and `tools` are as in OpenAI's
/// chat API; `extra` (an object) adds or overrides variables, for example
/// enable_thinking.
struct chat_input {
  boost::json::array messages;
  boost::json::value tools; ///< array, or null: the variable stays undefined
  boost::json::object extra;
  std::string bos_token;
  std::string eos_token;
  bool add_generation_prompt = true;
  /// For strftime_now. An argument, because a policy has no clock.
  std::chrono::system_clock::time_point now;
};

class chat_template {
public:
  /// Parses. Throws model_error with line and what was expected.
  explicit chat_template(std::string_view source);
  ~chat_template();
  chat_template(chat_template&&) noexcept;
  chat_template& operator=(chat_template&&) noexcept;

  /// Throws model_error: the template's own raise_exception text, or what
  /// failed and on which line. Output, loop and recursion limits hold.
  std::string render(const chat_input& input) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::device
