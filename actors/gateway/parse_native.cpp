// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// POST /completion: llama.cpp's names and defaults. What would change the
// answer and is not supported is refused unless its value switches it off; what
// only says how to get there (cache_prompt, id_slot, n_keep, ...) is ignored.
#include "actors/gateway/door.hpp"
#include "actors/gateway/fields.hpp"
#include "actors/gateway/generation_settings.hpp"
#include "actors/gateway/model_pages.hpp"
#include "actors/gateway/native_tokens.hpp"
#include "actors/gateway/parse_request.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr double endless = std::numeric_limits<double>::max();
constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();

// Numbers that switch off what Sluice does not have.
struct off_range {
  std::string_view name;
  double low;
  double high;
};
constexpr std::array off_ranges{
    off_range{"typical_p", 1, endless},
    off_range{"top_n_sigma", -endless, 0},
    off_range{"dynatemp_range", -endless, 0},
    off_range{"xtc_probability", -endless, 0},
    off_range{"dry_multiplier", 0, 0},
    off_range{"mirostat", 0, 0},
    off_range{"adaptive_target", -endless, 0},
    off_range{"min_keep", -endless, 1},
    off_range{"n_indent", -endless, 0},
    off_range{"t_max_predict_ms", -endless, 0},
};

class native_reader {
public:
  native_reader(const json::object& body, const request_limits& limits,
                const served_model& model)
      : body_{body}, in_{body}, limits_{limits}, model_{model},
        out_{native_defaults()} {}

  api_request read() {
    refuse_unsupported();
    read_common();
    read_penalties();
    read_samplers();
    read_lengths();
    const native_tokens tokens{in_, model_};
    out_.sampling.logit_bias = tokens.biases();
    out_.prompts = tokens.prompts(limits_.prompts);
    read_form();
    return std::move(out_);
  }

private:
  void refuse_unsupported() const;
  void read_common();
  void read_penalties();
  void read_samplers();
  void read_lengths();
  void read_form();

  const json::object& body_;
  fields in_;
  const request_limits& limits_;
  const served_model& model_;
  api_request out_;
};

void native_reader::refuse_unsupported() const {
  for (const auto& [name, low, high] : off_ranges)
    if (const auto value = in_.number(name, -endless, endless);
        value && (*value < low || *value > high))
      refuse(in_.path(name),
             "is not supported, but for values that switch it off",
             *in_.find(name));
  for (const auto* name : {"post_sampling_probs", "grammar_lazy"})
    if (in_.boolean(name).value_or(false))
      refuse(in_.path(name), "is not supported");
  for (const auto* name : {"lora", "image_data"})
    if (const auto* list = in_.array(name); list != nullptr && !list->empty())
      refuse(in_.path(name), "is not supported");
}

// What has the same name and meaning everywhere, with llama.cpp's defaults.
void native_reader::read_common() {
  auto shared = body_;
  for (const auto* name : {"logit_bias", "max_tokens"})
    shared.erase(name); // read here, they have other forms
  if (auto& top_k = shared["top_k"]; top_k.is_null())
    top_k = std::int64_t{out_.sampling.top_k}; // absent is off elsewhere
  if (const auto* seed = shared.if_contains("seed");
      seed != nullptr && seed->is_int64()
      && (seed->get_int64() == -1 || seed->get_int64() == 4294967295))
    shared.erase("seed"); // both mean that one is drawn
  if (auto* stop = shared.if_contains("stop");
      stop != nullptr && stop->is_array()) {
    json::array some;
    for (auto& one : stop->get_array())
      if (one != json::value("")) // stops nothing
        some.push_back(std::move(one));
    *stop = std::move(some);
  }
  read_shared(fields{shared}, limits_, out_);
}

// Penalties look at the whole text here; another window would change what they
// do.
void native_reader::read_penalties() {
  auto& s = out_.sampling;
  if (const auto value = in_.number("repeat_penalty", 0, 10))
    s.repetition_penalty = static_cast<float>(*value);
  if (s.repetition_penalty <= 0)
    refuse(in_.path("repeat_penalty"), "must be greater than 0");
  const bool active = s.repetition_penalty != 1 || s.presence_penalty != 0
                      || s.frequency_penalty != 0;
  const auto window = in_.integer("repeat_last_n", -1, most);
  if (!window || !active || *window == -1)
    return;
  if (*window > 0)
    refuse(in_.path("repeat_last_n"),
           "must be -1, the whole text, or 0, no penalties",
           *in_.find("repeat_last_n"));
  s.repetition_penalty = 1;
  s.presence_penalty = 0;
  s.frequency_penalty = 0;
}

// A sampler that the list leaves out is off. What is on works in one order.
void native_reader::read_samplers() {
  const auto* list = in_.array("samplers");
  if (list == nullptr)
    return;
  constexpr std::array<std::string_view, 5> ours{"penalties", "temperature",
                                                 "min_p", "top_k", "top_p"};
  const auto path = in_.path("samplers");
  auto& s = out_.sampling;
  const auto listed = [&](std::string_view name) {
    return std::ranges::any_of(*list, [&](const json::value& one) {
      return one.is_string() && one.get_string() == name;
    });
  };
  if (!listed("penalties"))
    s.repetition_penalty = 1, s.presence_penalty = 0, s.frequency_penalty = 0;
  if (!listed("temperature") && s.temperature > 0)
    s.temperature = 1;
  if (!listed("min_p"))
    s.min_p = 0;
  if (!listed("top_k"))
    s.top_k = 0;
  if (!listed("top_p"))
    s.top_p = 1;
  const std::array<bool, 5> works{
      s.repetition_penalty != 1 || s.presence_penalty != 0
          || s.frequency_penalty != 0,
      s.temperature != 1, s.min_p > 0, s.top_k > 0, s.top_p < 1};
  std::size_t latest = 0;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto& one = (*list)[i];
    const auto at = path + "[" + std::to_string(i) + "]";
    if (!one.is_string())
      refuse(at, "must be a string", one);
    const auto name =
        std::ranges::find(ours, std::string_view{one.get_string()});
    const auto place = static_cast<std::size_t>(name - ours.begin());
    if (name == ours.end() || !works[place] || s.temperature == 0)
      continue;
    if (place < latest)
      refuse(at,
             "comes too late: what is on works in the order penalties, "
             "temperature, min_p, top_k, top_p",
             one);
    latest = place;
  }
}

// -1 and -2 go on to the end of the context; 0 only fills the cache.
void native_reader::read_lengths() {
  auto wanted = in_.integer("n_predict", -2, most);
  if (!wanted)
    wanted = in_.integer("max_tokens", -2, most);
  out_.prefill_only = wanted == 0;
  out_.max_tokens = wanted > 0 ? static_cast<std::uint32_t>(*wanted) : 0;
  if (out_.prefill_only)
    out_.max_tokens = 1;
  check_lengths(in_, out_);
  const auto probabilities = in_.integer("n_probs", 0, 20).value_or(0);
  out_.logprobs = probabilities > 0;
  out_.sampling.logprobs = out_.logprobs;
  out_.sampling.top_logprobs = static_cast<std::uint32_t>(probabilities);
}

void native_reader::read_form() {
  out_.native.tokens = in_.boolean("return_tokens").value_or(false);
  const auto* wanted = in_.array("response_fields");
  if (wanted == nullptr)
    return;
  for (std::size_t i = 0; i < wanted->size(); ++i) {
    if (!(*wanted)[i].is_string())
      refuse(in_.path("response_fields") + "[" + std::to_string(i) + "]",
             "must be a string", (*wanted)[i]);
    out_.native.fields.emplace_back((*wanted)[i].get_string());
  }
}

} // namespace

parsed<api_request> parse_native(std::string_view body,
                                 const request_limits& limits,
                                 const catalogue& models) {
  try {
    const auto object = parse_body(body);
    const auto name = fields{object}.text("model").value_or("");
    const auto* model = find_model(models, name);
    if (model == nullptr)
      return no_model(models, name);
    return native_reader{object, limits, *model}.read();
  } catch (const field_error& e) {
    return e.error();
  }
}

} // namespace sluice::actors
