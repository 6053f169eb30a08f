// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The `output` of a response of OpenAI's Responses API as it grows: messages
// and function calls in the order in which the model writes them, each with the
// events that open, fill and close it. Pure.
#pragma once

#include "actors/messages.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

/// Typed events with running numbers; nothing while switched off.
class response_events {
public:
  explicit response_events(bool on) : on_{on} {}

  /// `members`: "\"name\":value,..." without braces.
  void add(std::string_view type, std::string_view members);
  /// What was added since the last time.
  std::string take();

private:
  bool on_;
  std::uint64_t next_ = 0;
  std::string text_;
};

class response_items {
public:
  /// `id` of the HTTP request makes the items' ids.
  explicit response_items(std::uint64_t id) : id_{id} {}

  /// Text, and then parts of calls, that `delta` brings.
  void take(const text_delta& delta, response_events& to);
  /// No more comes. `cut_off`: the last item may be incomplete.
  void end(bool cut_off, response_events& to);
  /// JSON array of the items.
  std::string json() const;

private:
  struct item {
    bool is_call = false;
    std::string id;
    std::string text;     // or arguments
    std::string logprobs; // JSON items, comma-separated
    std::string call_id, name;
    std::string_view status = "in_progress";
  };

  item& open(bool is_call);
  void close(std::string_view status, response_events& to);
  void add_text(const text_delta& delta, response_events& to);
  void add_call(const tool_call_delta& part, response_events& to);
  /// "item_id":...,"output_index":...
  std::string place() const;
  std::string item_event(const std::string& item_json) const;
  static std::string part_json(const item& of);
  static std::string item_json(const item& of, bool begun);

  std::uint64_t id_;
  std::vector<item> items_;
  bool open_ = false; // the last one
};

} // namespace sluice::actors
