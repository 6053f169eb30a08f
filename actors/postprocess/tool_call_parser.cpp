// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The three conventions.
#include "actors/postprocess/tool_call_parser.hpp"

#include "actors/postprocess/call_reader.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

namespace {

class hermes_parser final : public call_reader {
public:
  explicit hermes_parser(request_id id) : call_reader{id, "call_", 16} {}

private:
  static constexpr std::string_view opening = "<tool_call>";
  static constexpr std::string_view closing = "</tool_call>";
  enum class place : std::uint8_t { text, call, after };

  bool step(call_output& out) override {
    switch (place_) {
    case place::text:
      if (!find_marker(opening, out))
        return false;
      open_call(lead_);
      place_ = place::call;
      return true;
    case place::call:
      return step_call(out);
    case place::after:
      break;
    }
    skip_space();
    // Without the closing tag the call is good all the same.
    closing_ = held_.size() < closing.size() && closing.starts_with(held_);
    if (closing_)
      return false;
    if (held_.starts_with(closing))
      held_.erase(0, closing.size());
    place_ = place::text;
    return true;
  }

  bool step_call(call_output& out) {
    const auto how = read_call(out);
    if (how == progress::more)
      return false;
    place_ = how == progress::done ? place::after : place::text;
    return true;
  }

  place place_ = place::text;
};

class mistral_parser final : public call_reader {
public:
  // Mistral's templates insist on ids of nine letters and digits.
  explicit mistral_parser(request_id id) : call_reader{id, "", 9} {}

  std::string_view marker() const noexcept override { return opening; }

private:
  static constexpr std::string_view opening = "[TOOL_CALLS]";
  enum class place : std::uint8_t { text, list, call, after };

  bool step(call_output& out) override {
    switch (place_) {
    case place::text:
      if (!find_marker(opening, out))
        return false;
      place_ = place::list;
      return true;
    case place::list:
      return step_list(out);
    case place::call:
      return step_call(out);
    case place::after:
      break;
    }
    return step_after();
  }

  bool step_list(call_output& out) {
    const auto at = held_.find_first_not_of(" \t\r\n");
    if (at == std::string::npos)
      return false;
    if (held_[at] == '[') {
      open_call(lead_ + held_.substr(0, at + 1));
      held_.erase(0, at + 1);
      place_ = place::call;
    } else {
      out.text += std::exchange(lead_, {});
      place_ = place::text;
    }
    return true;
  }

  bool step_call(call_output& out) {
    const auto how = read_call(out);
    if (how == progress::more)
      return false;
    place_ = how == progress::done ? place::after : place::text;
    return true;
  }

  bool step_after() {
    skip_space();
    if (held_.empty())
      return false;
    if (held_.front() == ',') {
      held_.erase(0, 1);
      open_call(",");
      place_ = place::call;
      return true;
    }
    if (held_.front() == ']')
      held_.erase(0, 1);
    place_ = place::text;
    return true;
  }

  place place_ = place::text;
};

class llama3_parser final : public call_reader {
public:
  llama3_parser(request_id id, std::vector<std::string> tools)
      : call_reader{id, "call_", 16}, tools_{std::move(tools)} {}

private:
  static constexpr std::string_view tag = "<|python_tag|>";
  enum class place : std::uint8_t { start, call, after, text };

  // A call is the whole answer: nothing in the middle of one is taken for it.
  bool step(call_output& out) override {
    switch (place_) {
    case place::start:
      return step_start();
    case place::call:
      return step_call(out);
    case place::after:
      return step_after();
    case place::text:
      break;
    }
    out.text += held_;
    held_.clear();
    return false;
  }

  bool step_start() {
    const auto at = held_.find_first_not_of(" \t\r\n");
    if (at == std::string::npos)
      return false;
    const auto rest = std::string_view{held_}.substr(at);
    if (rest.size() < tag.size() && tag.starts_with(rest))
      return false;
    const auto brace = rest.starts_with(tag)
                           ? held_.find_first_not_of(" \t\r\n", at + tag.size())
                           : at;
    if (brace == std::string::npos)
      return false;
    if (held_[brace] == '{') {
      open_call(held_.substr(0, brace));
      held_.erase(0, brace);
    }
    place_ = held_.front() == '{' ? place::call : place::text;
    return true;
  }

  bool step_call(call_output& out) {
    const auto how = read_call(out);
    if (how == progress::more)
      return false;
    place_ = how == progress::done ? place::after : place::text;
    return true;
  }

  bool step_after() {
    skip_space();
    if (held_.empty())
      return false;
    if (held_.front() == ';') {
      held_.erase(0, 1);
      open_call(";");
      place_ = place::call;
    } else {
      place_ = place::text;
    }
    return true;
  }

  bool may_call(const std::string& name) const override {
    return std::ranges::find(tools_, name) != tools_.end();
  }

  std::vector<std::string> tools_;
  place place_ = place::start;
};

} // namespace

std::unique_ptr<tool_call_parser>
make_tool_call_parser(tool_convention convention,
                      std::vector<std::string> tools, request_id id) {
  switch (convention) {
  case tool_convention::hermes:
    return std::make_unique<hermes_parser>(id);
  case tool_convention::llama3:
    return std::make_unique<llama3_parser>(id, std::move(tools));
  case tool_convention::mistral:
    return std::make_unique<mistral_parser>(id);
  case tool_convention::none:
    break;
  }
  return nullptr;
}

} // namespace sluice::actors
