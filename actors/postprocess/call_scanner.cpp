// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/call_scanner.hpp"

#include <boost/json/parse.hpp>

#include <optional>
#include <utility>

namespace sluice::actors {

namespace {

constexpr std::size_t longest_name = 256; // bytes
constexpr std::uint32_t deepest = 64;     // levels of arguments

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// What a JSON string stands for, from the bytes between its quotes.
std::optional<std::string> decode(const std::string& raw) {
  boost::system::error_code ec;
  const auto value = boost::json::parse('"' + raw + '"', ec);
  if (ec || !value.is_string())
    return std::nullopt;
  return std::string{value.get_string()};
}

} // namespace

std::string call_scanner::take_arguments() {
  return announced_ ? std::exchange(arguments_, {}) : std::string{};
}

// Llama's templates say "parameters" where the others say "arguments".
bool call_scanner::is_arguments() const {
  return key_ == "arguments" || key_ == "parameters";
}

void call_scanner::announce() {
  announced_ = !name_.empty() && has_arguments_;
}

call_scanner::state call_scanner::push(char c) {
  switch (place_) {
  case place::before:
    return at_start(c);
  case place::key_or_end:
    if (c == '}')
      return end_object();
    [[fallthrough]];
  case place::key:
    return begin_key(c);
  case place::in_key:
  case place::in_text:
    return in_string(c);
  case place::colon:
    if (c == ':')
      place_ = place::value;
    return c == ':' || is_space(c) ? state::more : state::failed;
  case place::value:
    return begin_value(c);
  case place::in_scalar:
    return in_scalar(c);
  case place::in_container:
    return in_container(c);
  case place::after_value:
    return after_value(c);
  }
  return state::failed;
}

call_scanner::state call_scanner::at_start(char c) {
  if (is_space(c))
    return state::more;
  place_ = place::key_or_end;
  return c == '{' ? state::more : state::failed;
}

call_scanner::state call_scanner::begin_key(char c) {
  if (is_space(c))
    return state::more;
  place_ = place::in_key;
  key_.clear();
  return c == '"' ? state::more : state::failed;
}

call_scanner::state call_scanner::begin_value(char c) {
  if (is_space(c))
    return state::more;
  const bool second =
      (key_ == "name" && !name_.empty()) || (is_arguments() && has_arguments_);
  if (second || (key_ == "name" && c != '"') || (is_arguments() && c != '{'))
    return state::failed;
  if (c == '"') {
    place_ = place::in_text;
    text_.clear();
  } else if (c == '{' || c == '[') {
    place_ = place::in_container;
    depth_ = 1;
    if (is_arguments()) {
      has_arguments_ = true;
      arguments_ = c;
      announce();
    }
  } else if ((c >= '0' && c <= '9') || c == '-' || c == 't' || c == 'f'
             || c == 'n') {
    place_ = place::in_scalar;
  } else {
    return state::failed;
  }
  return state::more;
}

call_scanner::state call_scanner::in_string(char c) {
  if (c == '"' && !escaped_)
    return end_string();
  if (static_cast<unsigned char>(c) < 0x20)
    return state::failed;
  escaped_ = c == '\\' && !escaped_;
  auto& to = place_ == place::in_key ? key_ : text_;
  // Of other keys' values nothing needs to be kept.
  if (place_ == place::in_key || key_ == "name")
    to += c;
  return to.size() <= longest_name ? state::more : state::failed;
}

call_scanner::state call_scanner::end_string() {
  if (place_ == place::in_key) {
    auto key = decode(key_);
    key_ = key.value_or("");
    place_ = place::colon;
    return key ? state::more : state::failed;
  }
  place_ = place::after_value;
  if (key_ != "name")
    return state::more;
  name_ = decode(text_).value_or("");
  announce();
  return name_.empty() ? state::failed : state::more;
}

call_scanner::state call_scanner::in_scalar(char c) {
  if (c == ',' || c == '}' || is_space(c))
    return after_value(c);
  const bool part = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.'
                    || c == '+' || c == '-' || c == 'E';
  return part ? state::more : state::failed;
}

call_scanner::state call_scanner::in_container(char c) {
  if (is_arguments())
    arguments_ += c;
  if (quoted_) {
    quoted_ = c != '"' || escaped_;
    escaped_ = c == '\\' && !escaped_;
    return state::more;
  }
  if (c == '"')
    quoted_ = true;
  else if (c == '{' || c == '[')
    ++depth_;
  else if (c == '}' || c == ']')
    --depth_;
  if (depth_ == 0)
    place_ = place::after_value;
  return depth_ <= deepest ? state::more : state::failed;
}

call_scanner::state call_scanner::after_value(char c) {
  if (c == '}')
    return end_object();
  place_ = c == ',' ? place::key : place::after_value;
  return c == ',' || is_space(c) ? state::more : state::failed;
}

// A call without arguments has none to give.
call_scanner::state call_scanner::end_object() {
  if (name_.empty())
    return state::failed;
  if (!has_arguments_) {
    arguments_ = "{}";
    has_arguments_ = true;
    announce();
  }
  return state::done;
}

} // namespace sluice::actors
