// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/native_pages.hpp"

#include "actors/gateway/generation_settings.hpp"
#include "actors/gateway/json_text.hpp"
#include "actors/gateway/model_pages.hpp"

#include <algorithm>

namespace sluice::actors {

namespace http = transport::http;

namespace {

void append_text(std::string& out, std::string_view name,
                 std::string_view value) {
  out.append(",\"").append(name).append("\":");
  append_quoted(out, value);
}

std::string_view flag(bool value) {
  return value ? "true" : "false";
}

void append_head(std::string& out, std::size_t id, std::uint32_t context,
                 bool busy) {
  out += "{\"id\":" + std::to_string(id)
         + ",\"n_ctx\":" + std::to_string(context)
         + ",\"speculative\":false,\"is_processing\":";
  out += flag(busy);
}

void append_busy(std::string& out, const busy_slot& slot, std::uint32_t context,
                 request_id first_id) {
  const auto& count = slot.count;
  const auto limit = slot.what->max_tokens;
  append_head(out, count.place, context, true);
  out += ",\"id_task\":" + std::to_string(slot.id - first_id)
         + ",\"n_prompt_tokens\":" + std::to_string(slot.prompt_tokens);
  // Steps of a prompt are not told to the door: all of it or nothing.
  const auto cached = std::min(count.cached_tokens, slot.prompt_tokens);
  const auto computed =
      count.completion_tokens > 0 ? slot.prompt_tokens - cached : 0;
  out += ",\"n_prompt_tokens_processed\":" + std::to_string(computed)
         + ",\"n_prompt_tokens_cache\":" + std::to_string(cached)
         + ",\"params\":";
  append_generation_settings(out, *slot.what, settings_extent::page);
  out += ",\"next_token\":[{\"has_next_token\":true,\"has_new_line\":";
  out += flag(count.new_line);
  out += ",\"n_remain\":";
  out += limit > 0
             ? std::to_string(limit - std::min(limit, count.completion_tokens))
             : "-1";
  out += ",\"n_decoded\":" + std::to_string(count.completion_tokens) + "}]}";
}

} // namespace

bool has_parameter(std::string_view target, std::string_view name) {
  auto rest = target.substr(std::min(target.find('?'), target.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto one = rest.substr(0, rest.find('&'));
    if (one.substr(0, one.find('=')) == name)
      return true;
    rest.remove_prefix(one.size());
  }
  return false;
}

http::response props_page(const door::view& view, std::size_t places,
                          bool slots) {
  if (!view.models || view.models->empty())
    return to_response(closed_error(view));
  const auto& model = view.models->front();
  std::string out = "{\"default_generation_settings\":{\"params\":";
  append_generation_settings(out, native_defaults(), settings_extent::page);
  out += ",\"n_ctx\":" + std::to_string(model.context)
         + "},\"total_slots\":" + std::to_string(places);
  append_text(out, "model_alias", model.names.front());
  append_text(out, "model_path", model.path);
  out += ",\"modalities\":{\"vision\":false,\"video\":false,\"audio\":false}";
  out += ",\"endpoint_slots\":";
  out += flag(slots);
  out += ",\"endpoint_props\":false,\"endpoint_metrics\":true,\"ui\":false";
  append_text(out, "chat_template", model.chat_template);
  append_text(out, "bos_token", model.bos_token);
  append_text(out, "eos_token", model.eos_token);
  append_text(out, "build_info", "sluice");
  return json_response(out += ",\"is_sleeping\":false}");
}

http::response slots_page(std::vector<busy_slot> busy, std::size_t places,
                          const catalogue& models, request_id first_id) {
  std::ranges::sort(busy, {},
                    [](const busy_slot& slot) { return slot.count.place; });
  const auto usual = models.empty() ? 0 : models.front().context;
  std::string out;
  auto next = busy.begin();
  for (std::size_t i = 0; i < places; ++i) {
    out += out.empty() ? '[' : ',';
    if (next == busy.end() || next->count.place != i) {
      append_head(out, i, usual, false);
      out += '}';
      continue;
    }
    const auto* model = find_model(models, next->what->model);
    append_busy(out, *next, model == nullptr ? usual : model->context,
                first_id);
    ++next;
  }
  return json_response(out += ']');
}

} // namespace sluice::actors
