// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/response_items.hpp"

#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"
#include "transport/http/sse.hpp"

#include <utility>

namespace sluice::actors {

namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

} // namespace

void response_events::add(std::string_view type, std::string_view members) {
  if (!on_)
    return;
  auto data = "{\"type\":" + json_string(type)
              + ",\"sequence_number\":" + std::to_string(next_++) + ",";
  data.append(members).append("}");
  text_ += transport::http::event_text(type, data);
}

std::string response_events::take() {
  return std::exchange(text_, {});
}

response_items::item& response_items::open(bool is_call) {
  item made;
  made.is_call = is_call;
  made.id = answer_id(is_call ? "fc_" : "msg_", id_) + "_"
            + std::to_string(items_.size());
  open_ = true;
  return items_.emplace_back(std::move(made));
}

std::string response_items::place() const {
  return "\"item_id\":" + json_string(items_.back().id)
         + ",\"output_index\":" + std::to_string(items_.size() - 1);
}

std::string response_items::item_event(const std::string& item_json) const {
  return "\"output_index\":" + std::to_string(items_.size() - 1)
         + ",\"item\":" + item_json;
}

std::string response_items::part_json(const item& of) {
  return R"({"type":"output_text","annotations":[],"logprobs":[)" + of.logprobs
         + "],\"text\":" + json_string(of.text) + "}";
}

// A message that has just begun has no part yet.
std::string response_items::item_json(const item& of, bool begun) {
  auto out =
      "{\"id\":" + json_string(of.id) + ",\"status\":" + json_string(of.status);
  if (of.is_call)
    return out + R"(,"type":"function_call","call_id":)"
           + json_string(of.call_id) + ",\"name\":" + json_string(of.name)
           + ",\"arguments\":" + json_string(of.text) + "}";
  return out + R"(,"type":"message","role":"assistant","content":[)"
         + (begun ? "" : part_json(of)) + "]}";
}

void response_items::add_text(const text_delta& delta, response_events& to) {
  if (!open_ || items_.back().is_call) {
    close("completed", to);
    const auto& made = open(false);
    to.add("response.output_item.added", item_event(item_json(made, true)));
    to.add("response.content_part.added",
           place() + ",\"content_index\":0,\"part\":" + part_json(made));
  }
  std::string logprobs;
  for (const auto& token : delta.logprobs) {
    append_item(logprobs, "");
    append_chat_logprob(logprobs, token);
  }
  auto& into = items_.back();
  into.text += delta.text;
  if (!logprobs.empty())
    append_item(into.logprobs, logprobs);
  to.add("response.output_text.delta",
         place() + ",\"content_index\":0,\"delta\":" + json_string(delta.text)
             + ",\"logprobs\":[" + logprobs + "]");
}

void response_items::add_call(const tool_call_delta& part,
                              response_events& to) {
  if (!part.id.empty()) {
    close("completed", to);
    auto& made = open(true);
    made.call_id = part.id;
    made.name = part.name;
    to.add("response.output_item.added", item_event(item_json(made, true)));
  }
  if (part.arguments.empty() || !open_ || !items_.back().is_call)
    return;
  items_.back().text += part.arguments;
  to.add("response.function_call_arguments.delta",
         place() + ",\"delta\":" + json_string(part.arguments));
}

void response_items::close(std::string_view status, response_events& to) {
  if (!open_)
    return;
  open_ = false;
  auto& done = items_.back();
  done.status = status;
  if (done.is_call) {
    to.add("response.function_call_arguments.done",
           place() + ",\"name\":" + json_string(done.name)
               + ",\"arguments\":" + json_string(done.text));
  } else {
    to.add("response.output_text.done",
           place() + ",\"content_index\":0,\"text\":" + json_string(done.text)
               + ",\"logprobs\":[" + done.logprobs + "]");
    to.add("response.content_part.done",
           place() + ",\"content_index\":0,\"part\":" + part_json(done));
  }
  to.add("response.output_item.done", item_event(item_json(done, false)));
}

void response_items::take(const text_delta& delta, response_events& to) {
  if (!delta.text.empty() || !delta.logprobs.empty())
    add_text(delta, to);
  for (const auto& part : delta.calls)
    add_call(part, to);
}

// An answer without a word is an empty message.
void response_items::end(bool cut_off, response_events& to) {
  if (items_.empty())
    add_text({}, to);
  close(cut_off ? "incomplete" : "completed", to);
}

std::string response_items::json() const {
  std::string out = "[";
  for (const auto& one : items_) {
    if (out.size() > 1)
      out += ',';
    out += item_json(one, false);
  }
  return out += ']';
}

} // namespace sluice::actors
