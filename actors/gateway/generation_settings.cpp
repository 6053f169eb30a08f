// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/generation_settings.hpp"

#include "actors/gateway/json_text.hpp"

#include <cmath>

namespace sluice::actors {

namespace {

constexpr std::uint64_t random_seed = 4294967295; // llama.cpp's word for none

// Writes members one after the other.
class members {
public:
  explicit members(std::string& out) : out_{out} {}

  members& raw(std::string_view name, std::string_view json) {
    out_ += first_ ? "\"" : ",\"";
    first_ = false;
    out_.append(name).append("\":").append(json);
    return *this;
  }
  members& number(std::string_view name, float value) {
    std::string text;
    append_logprob(text, value);
    return raw(name, text);
  }
  members& number(std::string_view name, std::int64_t value) {
    return raw(name, std::to_string(value));
  }
  members& flag(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }

private:
  std::string& out_;
  bool first_ = true;
};

std::string texts(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const auto& one : list) {
    if (out.size() > 1)
      out += ',';
    append_quoted(out, one);
  }
  return out += ']';
}

// A ban has no number in JSON: null.
std::string biases(const device::sampling_params& s) {
  std::string out = "[";
  for (const auto& [id, bias] : s.logit_bias) {
    out += out.size() > 1 ? ",{\"bias\":" : "{\"bias\":";
    if (std::isfinite(bias))
      append_logprob(out, bias);
    else
      out += "null";
    out += ",\"token\":" + std::to_string(id) + "}";
  }
  return out += ']';
}

void add_samplers(members& to, const device::sampling_params& s) {
  to.number("seed", static_cast<std::int64_t>(s.seeded ? s.seed : random_seed))
      .number("temperature", s.temperature)
      .raw("dynatemp_range", "0.0")
      .raw("dynatemp_exponent", "1.0")
      .number("top_k", std::int64_t{s.top_k})
      .number("top_p", s.top_p)
      .number("min_p", s.min_p)
      .raw("top_n_sigma", "-1.0")
      .raw("xtc_probability", "0.0")
      .raw("xtc_threshold", "0.1")
      .raw("typical_p", "1.0")
      .raw("repeat_last_n", "-1")
      .number("repeat_penalty", s.repetition_penalty)
      .number("presence_penalty", s.presence_penalty)
      .number("frequency_penalty", s.frequency_penalty)
      .raw("dry_multiplier", "0.0")
      .raw("dry_base", "1.75")
      .raw("dry_allowed_length", "2")
      .raw("dry_penalty_last_n", "-1")
      .raw("mirostat", "0")
      .raw("mirostat_tau", "5.0")
      .raw("mirostat_eta", "0.1")
      .raw("adaptive_target", "-1.0")
      .raw("adaptive_decay", "0.9");
}

} // namespace

void append_generation_settings(std::string& out, const api_request& request,
                                settings_extent extent) {
  const auto& s = request.sampling;
  const bool whole = extent == settings_extent::answer;
  const auto limit =
      request.max_tokens > 0 ? std::int64_t{request.max_tokens} : -1;
  out += '{';
  members to{out};
  add_samplers(to, s);
  if (whole)
    to.raw("dry_sequence_breakers", "[]").raw("stop", texts(request.stop));
  to.number("max_tokens", limit)
      .number("n_predict", request.prefill_only ? 0 : limit)
      .raw("n_keep", "0")
      .raw("n_discard", "0")
      .flag("ignore_eos", s.ignore_eos)
      .flag("stream", request.stream);
  if (whole)
    to.raw("logit_bias", biases(s));
  to.number("n_probs", std::int64_t{s.top_logprobs}).raw("min_keep", "0");
  if (whole) {
    std::string grammar;
    append_quoted(grammar, s.grammar.kind == device::grammar_kind::gbnf
                               ? std::string_view{s.grammar.text}
                               : std::string_view{});
    to.raw("grammar", grammar)
        .raw("grammar_lazy", "false")
        .raw("grammar_triggers", "[]")
        .raw("preserved_tokens", "[]");
  }
  to.raw("chat_format", "\"Content-only\"")
      .raw("reasoning_format", "\"none\"")
      .raw("reasoning_in_content", "false")
      .raw("generation_prompt", "\"\"")
      .raw("samplers", R"(["penalties","temperature","min_p","top_k","top_p"])")
      .raw("speculative.types", "\"none\"")
      .raw("timings_per_token", "false")
      .raw("post_sampling_probs", "false")
      .raw("backend_sampling", "false")
      .raw("lora", "[]");
  out += '}';
}

api_request native_defaults() {
  api_request out;
  out.kind = endpoint::native;
  out.sampling.temperature = 0.8f;
  out.sampling.top_k = 40;
  out.sampling.top_p = 0.95f;
  out.sampling.min_p = 0.05f;
  return out;
}

} // namespace sluice::actors
