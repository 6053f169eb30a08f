// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/workload.hpp"

namespace sluice::apps {

namespace json = boost::json;

std::string_view path_of(endpoint where) {
  return where == endpoint::chat ? "/v1/chat/completions" : "/v1/completions";
}

json::object request_body(const request_form& form, const std::string& text,
                          std::uint32_t output_tokens) {
  json::object out;
  if (!form.model.empty())
    out["model"] = form.model;
  if (form.where == endpoint::chat)
    out["messages"] = {{{"role", "user"}, {"content", text}}};
  else
    out["prompt"] = text;
  out["max_tokens"] = output_tokens;
  out["temperature"] = form.temperature;
  if (form.ignore_eos)
    out["ignore_eos"] = true;
  out["stream"] = true;
  out["stream_options"] = {{"include_usage", true}};
  for (const auto& [key, value] : form.extra)
    out[key] = value;
  return out;
}

workload::workload(workload_settings settings, calibration tokenizer)
    : settings_{std::move(settings)},
      writer_{std::move(tokenizer), settings_.seed}, random_{settings_.seed} {}

std::string workload::text_of(const trace_request& r) const {
  return writer_.write(r.prompt_tokens, count_, r.blocks,
                       settings_.recorded->block_tokens);
}

std::optional<planned_request> workload::next() {
  planned_request out;
  std::string text;
  if (settings_.recorded) {
    const auto& all = settings_.recorded->requests;
    if (count_ == all.size())
      return {};
    const auto& r = all[count_];
    out.at = r.at;
    out.prompt_tokens = r.prompt_tokens;
    out.output_tokens = r.output_tokens;
    text = text_of(r);
  } else {
    out.prompt_tokens = settings_.prompt.sample(random_);
    out.output_tokens = settings_.output.sample(random_);
    text = writer_.write(out.prompt_tokens, count_);
  }
  if (settings_.arrivals)
    out.at = settings_.arrivals->next(random_);
  if (settings_.closed)
    out.at.reset();
  ++count_;
  out.body =
      json::serialize(request_body(settings_.form, text, out.output_tokens));
  return out;
}

} // namespace sluice::apps
