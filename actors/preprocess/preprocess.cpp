// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/preprocess.hpp"

#include "actors/preprocess/conversation.hpp"
#include "actors/preprocess/tool_grammar.hpp"
#include "device/error.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace sluice::actors {

namespace json = boost::json;

namespace {

/// A request that is wrong in itself, with the code it gets.
struct refused {
  errc code;
  std::string text;
};

json::value parse_field(const std::string& text, std::string_view field) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  if (failed)
    throw refused{errc::bad_request,
                  std::string{field} + " is not JSON: " + failed.message()};
  return value;
}

// Some templates look into the text of an answer that was calls alone; others
// ask whether it has one.
bool fill_empty_answers(json::array& messages) {
  bool changed = false;
  for (auto& message : messages) {
    auto& fields = message.get_object();
    const auto* content = fields.if_contains("content");
    if (fields.contains("tool_calls") && (!content || content->is_null())) {
      fields["content"] = "";
      changed = true;
    }
  }
  return changed;
}

std::string render(const request& wish, json::array messages,
                   const model_assets& assets, instant now) {
  if (!assets.chat)
    throw refused{errc::template_failed, assets.chat_error};
  device::chat_input input;
  input.messages = std::move(messages);
  if (!wish.tools.empty())
    input.tools = parse_field(wish.tools, "tools");
  if (!wish.template_options.empty()) {
    auto extra = parse_field(wish.template_options, "chat_template_kwargs");
    if (!extra.is_object())
      throw refused{errc::bad_request,
                    "chat_template_kwargs must be an object"};
    input.extra = std::move(extra.get_object());
  }
  input.bos_token = assets.bos_text;
  input.eos_token = assets.eos_text;
  input.now =
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now);
  try {
    return assets.chat->render(input);
  } catch (const device::model_error& e) {
    if (!fill_empty_answers(input.messages))
      throw refused{errc::template_failed, e.what()};
  }
  try {
    return assets.chat->render(input);
  } catch (const device::model_error& e) {
    throw refused{errc::template_failed, e.what()};
  }
}

// Says what postprocess looks for, and what an answer must be that has to call.
void offer_tools(request& wish, tool_convention calls) {
  if (wish.tools.empty())
    return;
  const auto tools = parse_field(wish.tools, "tools");
  if (!tools.is_array())
    throw refused{errc::bad_request, "tools must be an array"};
  wish.output.calls = calls;
  wish.output.tools = tool_names(tools.get_array());
  if (wish.must_call.empty())
    return;
  if (calls == tool_convention::none)
    throw refused{errc::bad_request,
                  "a tool cannot be forced: this graph looks for no tool calls "
                  "(tool_calls: none)"};
  const auto only = wish.must_call == "*" ? "" : wish.must_call;
  if (!only.empty() && std::ranges::count(wish.output.tools, only) == 0)
    throw refused{errc::bad_request, "there is no tool '" + only + "' to call"};
  wish.sampling.grammar =
      tool_grammar(tools.get_array(), calls, only, wish.parallel_calls);
}

void check_ids(std::span<const std::int32_t> ids, std::size_t vocabulary) {
  for (const auto id : ids)
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
      throw refused{errc::bad_request, "token id " + std::to_string(id)
                                           + " is outside the vocabulary of "
                                           + std::to_string(vocabulary)};
}

// The part of a text that keeps its tokens however the text goes on: up to its
// last white space, which the next word may claim. All of it when that is none.
std::string_view settled(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const auto space = text.find_last_of(spaces);
  if (space == text.npos)
    return text;
  const auto last = text.find_last_not_of(spaces, space);
  return last == text.npos ? text : text.substr(0, last + 1);
}

} // namespace

preprocess_state::preprocess_state(request_sink::pointer) {}

// `seen` gets the text that label rules look at.
std::vector<std::int32_t> preprocess_state::tokenize(const request& wish,
                                                     instant now,
                                                     std::string& seen) const {
  const auto& vocabulary = assets->tokens;
  if (!wish.messages.empty()) {
    auto messages = read_conversation(wish.messages);
    if (messages.empty())
      throw refused{errc::bad_request, "messages must not be empty"};
    seen = conversation_text(messages);
    const auto text = render(wish, std::move(messages), *assets, now);
    // Templates write the begin token themselves.
    return vocabulary.encode(text, {.add_special = false});
  }
  if (!wish.tokens.empty()) {
    check_ids(wish.tokens, assets->files.config().vocabulary);
    seen = vocabulary.decode(wish.tokens);
    return wish.tokens;
  }
  seen = wish.text;
  const bool goes_on = wish.prefill_only && !wish.session.empty();
  return vocabulary.encode(goes_on ? settled(wish.text)
                                   : std::string_view{wish.text});
}

caf::expected<prompt> preprocess_state::prepare(request wish,
                                                instant now) const {
  if (wish.deadline <= now)
    return make_error(errc::deadline_exceeded,
                      "the deadline passed before the prompt was read");
  prompt made;
  try {
    std::string seen;
    offer_tools(wish, calls);
    // Here, so that the sampler finds it compiled.
    if (const auto& grammar = wish.sampling.grammar)
      assets->grammars->get(grammar);
    made.tokens = tokenize(wish, now, seen);
    for (auto& label : rules.find(seen))
      if (std::ranges::count(wish.labels, label) == 0)
        wish.labels.push_back(std::move(label));
  } catch (const refused& e) {
    return make_error(e.code, e.text);
  } catch (const device::model_error& e) {
    return make_error(errc::bad_request, e.what());
  }
  if (made.tokens.empty())
    return make_error(errc::bad_request, "the prompt is empty");
  made.id = wish.id;
  made.deadline = wish.deadline;
  made.tenant = std::move(wish.tenant);
  made.labels = std::move(wish.labels);
  made.sampling = std::move(wish.sampling);
  made.output = std::move(wish.output);
  made.session = std::move(wish.session);
  made.cache_salt = std::move(wish.cache_salt);
  made.priority = wish.priority;
  made.prefill_only = wish.prefill_only;
  made.group = wish.group;
  made.reading = wish.reading;
  return made;
}

request_sink::behavior_type
preprocess(request_sink::stateful_pointer<preprocess_state> self,
           preprocess_settings settings, model_assets_ptr assets,
           prompt_sink next) {
  self->state.calls = settings.tool_calls.value_or(
      find_convention(assets->template_text).value_or(tool_convention::hermes));
  self->state.assets = std::move(assets);
  self->state.rules = label_rules{settings.labels};
  self->state.next = std::move(next);
  return {
      [self](request& wish) -> caf::result<accepted> {
        auto made = self->state.prepare(std::move(wish),
                                        std::chrono::system_clock::now());
        if (!made)
          return std::move(made.error());
        return self->delegate(self->state.next, std::move(*made));
      },
      [self](const cancel& msg) { self->send(self->state.next, msg); },
      [self](const hold& msg) { self->send(self->state.next, msg); },
      [self](const forget_session& msg) { self->send(self->state.next, msg); },
  };
}

request_sink spawn_preprocess(caf::actor_system& system,
                              preprocess_settings settings,
                              model_assets_ptr assets, prompt_sink next) {
  const label_rules checked{settings.labels}; // here, where a caller can catch
  return system.spawn(preprocess, std::move(settings), std::move(assets),
                      std::move(next));
}

} // namespace sluice::actors
