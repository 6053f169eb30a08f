// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/model_pages.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/parse_request.hpp"
#include "device/error.hpp"

namespace sluice::actors {

namespace http = transport::http;

namespace {

constexpr unsigned drain_retry = 5; // seconds

std::string ids_json(const std::vector<std::int32_t>& ids) {
  std::string out = "[";
  for (const auto id : ids) {
    if (out.size() > 1)
      out += ',';
    out += std::to_string(id);
  }
  return out += ']';
}

} // namespace

http::response json_response(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
}

api_error closed_error(const door::view& view) {
  if (view.phase == door_phase::draining)
    return {
        503, "the server is shutting down", {}, "shutting_down", drain_retry};
  return {503, "the model is still loading", {}, "loading", loading_retry};
}

api_error no_model(const catalogue& models, std::string_view name) {
  std::string served;
  for (const auto& model : models)
    for (const auto& one : model.names) {
      if (!served.empty())
        served += ", ";
      served.append("'").append(one).append("'");
    }
  if (name.empty())
    return {400, "'model' is required; served: " + served, "model", {}, 0};
  return {404,
          "the model '" + std::string{name}
              + "' does not exist; served: " + served,
          "model", "model_not_found", 0};
}

http::response health_page(const door::view& view) {
  if (view.phase == door_phase::open)
    return json_response("{\"status\":\"ok\"}");
  std::string body = "{\"status\":";
  const bool loading = view.phase == door_phase::loading;
  append_quoted(body, loading ? "loading" : "draining");
  if (loading) {
    body += ",\"progress\":";
    append_logprob(body, static_cast<float>(view.progress));
    body += ",\"what\":";
    append_quoted(body, view.what);
  }
  auto out = json_response(body + "}");
  out.status = 503;
  out.headers.emplace_back(
      "Retry-After", std::to_string(loading ? loading_retry : drain_retry));
  return out;
}

http::response models_page(const http::request& got, const door::view& view,
                           std::int64_t started) {
  if (!view.models)
    return to_response(closed_error(view));
  const auto entry = [&](const std::string& name, const served_model& model) {
    std::string out = "{\"id\":";
    append_quoted(out, name);
    out += ",\"object\":\"model\",\"created\":" + std::to_string(started)
           + ",\"owned_by\":\"sluice\"";
    if (model.context > 0)
      out += ",\"max_model_len\":" + std::to_string(model.context);
    return out += '}';
  };
  constexpr std::string_view prefix = "/v1/models/";
  if (got.path.starts_with(prefix)) {
    const auto name = got.path.substr(prefix.size());
    const auto* model = name.empty() ? nullptr : find_model(*view.models, name);
    return model == nullptr ? to_response(no_model(*view.models, name))
                            : json_response(entry(name, *model));
  }
  std::string list;
  for (const auto& model : *view.models)
    for (const auto& name : model.names) {
      if (!list.empty())
        list += ',';
      list += entry(name, model);
    }
  return json_response("{\"object\":\"list\",\"data\":[" + list + "]}");
}

http::response tokenize_page(const http::request& got, const door::view& view) {
  if (!view.models)
    return to_response(closed_error(view));
  auto result = parse_tokenize(got.body);
  if (const auto* error = std::get_if<api_error>(&result))
    return to_response(*error);
  const auto& what = std::get<tokenize_request>(result);
  const auto* model = find_model(*view.models, what.model);
  if (model == nullptr)
    return to_response(no_model(*view.models, what.model));
  if (!model->encode || (what.is_chat && !model->render))
    return to_response({501,
                        what.is_chat ? "this model has no chat template"
                                     : "this model has no tokenizer",
                        {},
                        {},
                        0});
  try {
    const auto text = what.is_chat ? model->render(what.messages, what.tools,
                                                   what.template_options)
                                   : what.text;
    const auto ids = model->encode(text, what.add_special);
    return json_response("{\"count\":" + std::to_string(ids.size())
                         + ",\"max_model_len\":"
                         + std::to_string(model->context)
                         + ",\"tokens\":" + ids_json(ids) + "}");
  } catch (const device::model_error& e) {
    return to_response(to_api_error(errc::template_failed, e.what()));
  }
}

http::response detokenize_page(const http::request& got,
                               const door::view& view) {
  if (!view.models)
    return to_response(closed_error(view));
  auto result = parse_detokenize(got.body);
  if (const auto* error = std::get_if<api_error>(&result))
    return to_response(*error);
  const auto& what = std::get<detokenize_request>(result);
  const auto* model = find_model(*view.models, what.model);
  if (model == nullptr)
    return to_response(no_model(*view.models, what.model));
  if (!model->decode)
    return to_response({501, "this model has no tokenizer", {}, {}, 0});
  for (const auto id : what.tokens)
    if (model->vocabulary > 0 && id >= model->vocabulary)
      return to_response(beyond_vocabulary("tokens", id, model->vocabulary));
  std::string body = "{\"prompt\":";
  append_quoted(body, model->decode(what.tokens));
  return json_response(body += '}');
}

} // namespace sluice::actors
