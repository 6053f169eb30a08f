// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// POST /v1/completions, /tokenize and /detokenize.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

#include <algorithm>
#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::uint32_t default_max_tokens = 16; // OpenAI's
constexpr const char* prompt_kinds =
    "must be a string, an array of strings, an array of token ids or an array "
    "of those";

std::vector<std::int32_t> read_ids(const json::array& list,
                                   const std::string& path) {
  std::vector<std::int32_t> out;
  out.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i)
    out.push_back(static_cast<std::int32_t>(
        to_integer(list[i], path + "[" + std::to_string(i) + "]", 0,
                   std::numeric_limits<std::int32_t>::max())));
  return out;
}

prompt_source read_one(const json::value& value, const std::string& path) {
  if (value.is_string())
    return {std::string{value.get_string()}, {}};
  if (!value.is_array())
    refuse(path, prompt_kinds, value);
  if (value.get_array().empty())
    refuse(path, "must not be empty");
  return {{}, read_ids(value.get_array(), path)};
}

void refuse_unsupported(const fields& in) {
  if (const auto suffix = in.text("suffix"); suffix && !suffix->empty())
    refuse(in.path("suffix"), "is not supported");
}

// Here `logprobs` is a count: 0 asks for the chosen tokens alone, and an echo
// has those of the prompt as well.
void read_logprobs(const fields& in, api_request& out) {
  const auto top = in.integer("logprobs", 0, 20);
  if (!top)
    return;
  out.logprobs = true;
  out.sampling.logprobs = true;
  out.sampling.top_logprobs = static_cast<std::uint32_t>(*top);
  if (out.echo)
    out.reading = {device::reading_kind::scores,
                   std::max(out.reading.top, out.sampling.top_logprobs)};
}

} // namespace

std::vector<prompt_source> read_prompts(const fields& in, const char* name,
                                        std::uint32_t most) {
  const auto path = in.path(name);
  const auto* value = in.find(name);
  if (value == nullptr)
    refuse(path, "is required");
  const bool many = value->is_array() && !value->get_array().empty()
                    && !value->get_array().front().is_number();
  if (!many)
    return {read_one(*value, path)};
  const auto& list = value->get_array();
  if (list.size() > most)
    refuse(path, "must hold at most " + std::to_string(most) + " " + name
                     + "s, not " + std::to_string(list.size()));
  std::vector<prompt_source> out;
  for (std::size_t i = 0; i < list.size(); ++i)
    out.push_back(read_one(list[i], path + "[" + std::to_string(i) + "]"));
  return out;
}

parsed<api_request> parse_completion(std::string_view body,
                                     const request_limits& limits) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    api_request out;
    out.kind = endpoint::completions;
    read_shared(in, limits, out);
    if (out.max_tokens == 0)
      out.max_tokens = out.prefill_only ? 1 : default_max_tokens;
    check_lengths(in, out);
    out.echo = in.boolean("echo").value_or(false);
    read_logprobs(in, out);
    out.prompts = read_prompts(in, "prompt", limits.prompts);
    refuse_unsupported(in);
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

parsed<tokenize_request> parse_tokenize(std::string_view body) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    tokenize_request out;
    out.model = in.text("model").value_or("");
    out.is_chat = in.find("messages") != nullptr;
    if (out.is_chat) {
      out.messages = read_messages(in);
      out.template_options = read_template_options(in);
      if (const auto* tools = in.array("tools"))
        out.tools = *tools;
      // The template writes them itself.
      out.add_special = in.boolean("add_special_tokens").value_or(false);
      return out;
    }
    const auto text = in.text("prompt");
    if (!text)
      refuse(in.path("prompt"), "is required");
    out.text = *text;
    out.add_special = in.boolean("add_special_tokens").value_or(true);
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

parsed<detokenize_request> parse_detokenize(std::string_view body) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    const auto* tokens = in.array("tokens");
    if (tokens == nullptr)
      refuse(in.path("tokens"), "is required");
    return detokenize_request{std::string{in.text("model").value_or("")},
                              read_ids(*tokens, in.path("tokens"))};
  } catch (const field_error& e) {
    return e.error();
  }
}

} // namespace sluice::actors
