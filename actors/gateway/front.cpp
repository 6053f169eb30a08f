// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/front.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/parse_request.hpp"
#include "device/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

namespace sluice::actors {

namespace http = transport::http;

struct front::route {
  enum class target : std::uint8_t {
    index,
    health,
    metrics,
    models,
    chat,
    completions,
    tokenize,
    detokenize,
  };
  std::string_view path;
  std::string_view method; ///< GET takes HEAD as well
  target to;

  std::string_view allowed() const;
};

namespace {

constexpr unsigned loading_retry = 1; // seconds
constexpr unsigned drain_retry = 5;

constexpr std::string_view index_page =
    "Sluice answers here:\n"
    "  POST /v1/chat/completions  OpenAI's chat\n"
    "  POST /v1/completions       raw prompts\n"
    "  GET  /v1/models            what is served\n"
    "  POST /tokenize             text to token ids\n"
    "  POST /detokenize           token ids to text\n"
    "  GET  /health               200 once requests are taken\n"
    "  GET  /metrics              figures for Prometheus\n";

http::response json_response(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
}

http::response plain(unsigned status, std::string body) {
  return {
      status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
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

std::string ids_json(const std::vector<std::int32_t>& ids) {
  std::string out = "[";
  for (const auto id : ids) {
    if (out.size() > 1)
      out += ',';
    out += std::to_string(id);
  }
  return out += ']';
}

// Fields that allow browsers of another origin to ask.
http::header_list cors_headers(const std::string& origin) {
  if (origin.empty())
    return {};
  return {{"Access-Control-Allow-Origin", origin},
          {"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
          {"Access-Control-Allow-Headers",
           "Authorization, Content-Type, X-Request-Timeout"},
          {"Access-Control-Max-Age", "600"}};
}

} // namespace

bool same_secret(std::string_view a, std::string_view b) noexcept {
  auto differ = static_cast<unsigned>(a.size() != b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    differ |= static_cast<unsigned char>(a[i])
              ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return differ == 0;
}

parsed<std::optional<std::chrono::milliseconds>>
parse_timeout(const http::header_list& headers) {
  const auto text = http::find(headers, "X-Request-Timeout");
  if (!text)
    return std::optional<std::chrono::milliseconds>{};
  double seconds = 0;
  const auto* end = text->data() + text->size();
  const auto [rest, ec] = std::from_chars(text->data(), end, seconds);
  if (ec != std::errc{} || rest != end || !(seconds >= 0.001)
      || !(seconds <= 86400))
    return api_error{400,
                     "the header X-Request-Timeout must be seconds between "
                     "0.001 and 86400, not '"
                         + std::string{*text} + "'",
                     "X-Request-Timeout",
                     {},
                     0};
  return std::optional{
      std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)}};
}

front::front(front_settings settings, std::shared_ptr<door> state,
             metrics& figures, front_hooks hooks)
    : settings_{std::move(settings)}, door_{std::move(state)},
      figures_{&figures}, hooks_{std::move(hooks)},
      started_{std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()},
      next_id_{random_number()} {
  auto http = settings_.http;
  http.headers = cors_headers(settings_.cors_origin);
  http.refuse = [](unsigned status, std::string_view why) {
    return to_response(
        {status, std::string{why}, {}, {}, status == 503 ? loading_retry : 0});
  };
  http.on_response = [&figures](unsigned status) {
    figures.door.count_response(status);
  };
  http.on_connections = [&figures](int delta) {
    figures.door.connections.add(delta);
  };
  server_ = std::make_unique<http::server>(
      std::move(http), [this](http_request got, exchange_ptr out) {
        take(std::move(got), std::move(out));
      });
}

bool front::may_ask(const http_request& got) const {
  if (settings_.api_keys.empty())
    return true;
  constexpr std::string_view scheme = "Bearer ";
  auto given = http::find(got.headers, "Authorization").value_or("");
  if (!given.starts_with(scheme))
    return false;
  given.remove_prefix(scheme.size());
  bool known = false; // every key is compared: time tells nothing
  for (const auto& key : settings_.api_keys)
    known |= same_secret(given, key);
  return known;
}

const front::route* front::find_route(std::string_view path) {
  using target = route::target;
  static constexpr std::array routes{
      route{"/v1/chat/completions", "POST", target::chat},
      route{"/v1/completions", "POST", target::completions},
      route{"/v1/models", "GET", target::models},
      route{"/tokenize", "POST", target::tokenize},
      route{"/detokenize", "POST", target::detokenize},
      route{"/health", "GET", target::health},
      route{"/metrics", "GET", target::metrics},
      route{"/", "GET", target::index},
  };
  if (path.starts_with("/v1/models/"))
    path = "/v1/models";
  const auto* at = std::find_if(routes.begin(), routes.end(),
                                [&](const route& r) { return r.path == path; });
  return at == routes.end() ? nullptr : at;
}

std::string_view front::route::allowed() const {
  return method == "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}

void front::take(http_request got, exchange_ptr out) {
  const auto* to = find_route(got.path);
  if (got.method == "OPTIONS")
    return out->respond(
        {204,
         {{"Allow", std::string{to ? to->allowed() : "GET, POST, OPTIONS"}}},
         {}});
  const bool health = to != nullptr && to->to == route::target::health;
  if (!health && !may_ask(got))
    return out->respond(
        to_response({401,
                     "a valid API key is required (Authorization: Bearer ...)",
                     {},
                     "invalid_api_key",
                     0}));
  if (to == nullptr)
    return out->respond(to_response(
        {404, "no such endpoint: " + got.path, {}, "not_found", 0}));
  if (got.method != to->method
      && !(got.method == "HEAD" && to->method == "GET"))
    return out->respond(wrong_method(*to, got.method));
  if (to->to == route::target::chat)
    return generate(endpoint::chat, got, std::move(out));
  if (to->to == route::target::completions)
    return generate(endpoint::completions, got, std::move(out));
  out->respond(answer(*to, got));
}

http::response front::wrong_method(const route& to, std::string_view method) {
  auto out =
      to_response({405,
                   std::string{to.path} + " takes " + std::string{to.method}
                       + ", not " + std::string{method},
                   {},
                   "method_not_allowed",
                   0});
  out.headers.emplace_back("Allow", to.allowed());
  return out;
}

http::response front::answer(const route& to, const http_request& got) {
  switch (to.to) {
  case route::target::index:
    return plain(200, std::string{index_page});
  case route::target::health:
    return health();
  case route::target::metrics: {
    auto page = plain(200, figures_->prometheus());
    page.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
    return page;
  }
  case route::target::models:
    return models(got);
  case route::target::tokenize:
    return tokenize(got);
  default:
    return detokenize(got);
  }
}

http::response front::health() const {
  const auto view = door_->look();
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

http::response front::models(const http_request& got) const {
  const auto view = door_->look();
  if (!view.models)
    return to_response(closed_error(view));
  const auto entry = [&](const std::string& name, const served_model& model) {
    std::string out = "{\"id\":";
    append_quoted(out, name);
    out += ",\"object\":\"model\",\"created\":" + std::to_string(started_)
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

http::response front::tokenize(const http_request& got) const {
  const auto view = door_->look();
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

http::response front::detokenize(const http_request& got) const {
  const auto view = door_->look();
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

void front::generate(endpoint kind, const http_request& got, exchange_ptr out) {
  const auto arrived = std::chrono::steady_clock::now();
  const auto view = door_->look();
  if (view.phase != door_phase::open || !view.models)
    return out->respond(to_response(closed_error(view)));
  auto result = kind == endpoint::chat
                    ? parse_chat(got.body, settings_.limits)
                    : parse_completion(got.body, settings_.limits);
  if (const auto* error = std::get_if<api_error>(&result))
    return out->respond(to_response(*error));
  auto& what = std::get<api_request>(result);
  const auto* model = find_model(*view.models, what.model);
  if (model == nullptr)
    return out->respond(to_response(no_model(*view.models, what.model)));
  if (what.model.empty())
    what.model = model->names.front();
  if (model->vocabulary > 0)
    if (const auto error = check_ids(what, model->vocabulary))
      return out->respond(to_response(*error));
  const auto limit = parse_timeout(got.headers);
  if (const auto* error = std::get_if<api_error>(&limit))
    return out->respond(to_response(*error));
  const auto& wanted =
      std::get<std::optional<std::chrono::milliseconds>>(limit);
  if (wanted && (!what.timeout || *wanted < *what.timeout))
    what.timeout = wanted;
  if (!what.seeded)
    what.sampling.seed = random_number();
  submission all;
  all.id = next_id_++;
  all.client = out;
  all.what = std::move(what);
  all.path = got.path;
  all.arrived = arrived;
  const auto id = all.id;
  hooks_.submit(std::move(all));
  // After the submission, so that the actor hears of it in this order.
  out->on_close(
      [gone = hooks_.gone, id](http::close_reason why) { gone(id, why); });
}

} // namespace sluice::actors
