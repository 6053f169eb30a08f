// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/front.hpp"

#include "actors/gateway/model_pages.hpp"
#include "actors/gateway/native_pages.hpp"
#include "actors/gateway/parse_request.hpp"
#include "actors/gateway/request_headers.hpp"
#include "actors/gateway/route.hpp"

#include <random>

namespace sluice::actors {

namespace http = transport::http;

namespace {

http::response plain(unsigned status, std::string body) {
  return {
      status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

} // namespace

front::front(front_settings settings, std::shared_ptr<door> state,
             metrics& figures, front_hooks hooks)
    : settings_{std::move(settings)}, door_{std::move(state)},
      figures_{&figures}, hooks_{std::move(hooks)},
      sessions_{std::make_shared<session_table>(settings_.sessions)},
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

void front::take(http_request got, exchange_ptr out) {
  const auto name = request_id_of(got.headers, next_id_++);
  out->add_header("X-Request-Id", name);
  got.headers.emplace(got.headers.begin(), "X-Request-Id", name);
  const auto* to = find_route(got.path);
  if (got.method == "OPTIONS")
    return out->respond(
        {204,
         {{"Allow", std::string{to ? to->allowed() : "GET, POST, OPTIONS"}}},
         {}});
  const bool health = to != nullptr && to->to == route::target::health;
  if (!health && !has_key(got.headers, settings_.api_keys))
    return out->respond(
        to_response({401,
                     "a valid API key is required (Authorization: Bearer ...)",
                     {},
                     "invalid_api_key",
                     0}));
  if (to == nullptr)
    return out->respond(to_response(
        {404, "no such endpoint: " + got.path, {}, "not_found", 0}));
  if (!to->takes(got.method))
    return out->respond(wrong_method(*to, got.method));
  if (to->path.starts_with("/v1/sessions"))
    return session(*to, got, std::move(out));
  if (to->to == route::target::slots)
    return slots(got, std::move(out));
  switch (to->to) {
  case route::target::chat:
  case route::target::completions:
  case route::target::embeddings:
  case route::target::native:
  case route::target::responses:
    return generate(*to, got, std::move(out));
  default:
    return out->respond(answer(*to, got));
  }
}

http::response front::answer(const route& to, const http_request& got) const {
  const auto view = door_->look();
  switch (to.to) {
  case route::target::index:
    return plain(200, std::string{index_page()});
  case route::target::health:
    return health_page(view);
  case route::target::metrics: {
    auto page = plain(200, figures_->prometheus());
    page.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
    return page;
  }
  case route::target::models:
    return models_page(got, view, started_);
  case route::target::tokenize:
    return tokenize_page(got, view);
  case route::target::props:
    return props_page(view, settings_.places, settings_.slots);
  default:
    return detokenize_page(got, view);
  }
}

void front::slots(const http_request& got, exchange_ptr out) const {
  if (!settings_.slots)
    return out->respond(
        to_response({501, "/slots is switched off", {}, "slots_off", 0}));
  hooks_.slots({std::move(out), has_parameter(got.target, "fail_on_no_slot")});
}

parsed<api_request> front::parse(const route& to, std::string_view body,
                                 const catalogue& models) const {
  switch (to.to) {
  case route::target::chat:
    return parse_chat(body, settings_.limits);
  case route::target::embeddings:
    return parse_embeddings(body, settings_.limits);
  case route::target::responses:
    return parse_responses(body, settings_.limits);
  case route::target::native:
    return parse_native(body, settings_.limits, models);
  default:
    return parse_completion(body, settings_.limits);
  }
}

void front::generate(const route& to, const http_request& got,
                     exchange_ptr out) {
  const auto view = door_->look();
  if (view.phase != door_phase::open || !view.models)
    return out->respond(to_response(closed_error(view)));
  auto result = parse(to, got.body, *view.models);
  if (const auto* error = std::get_if<api_error>(&result))
    return out->respond(to_response(*error));
  submit(std::get<api_request>(std::move(result)), got, std::move(out), {});
}

void front::submit(api_request what, const http_request& got, exchange_ptr out,
                   session_table::lease_ptr lease) {
  const auto arrived = std::chrono::steady_clock::now();
  const auto view = door_->look();
  const auto refuse = [&](const api_error& error) {
    lease.reset(); // before the client can hear of it
    out->respond(to_response(error));
  };
  const auto* model = find_model(*view.models, what.model);
  if (model == nullptr)
    return refuse(no_model(*view.models, what.model));
  if (what.model.empty())
    what.model = model->names.front();
  what.fingerprint = model->fingerprint;
  if (model->vocabulary > 0)
    if (const auto error = check_ids(what, model->vocabulary))
      return refuse(*error);
  if (what.echo && model->decode)
    for (auto& prompt : what.prompts)
      if (!prompt.tokens.empty())
        prompt.text = model->decode(prompt.tokens);
  const auto limit = parse_timeout(got.headers);
  if (const auto* error = std::get_if<api_error>(&limit))
    return refuse(*error);
  const auto& wanted =
      std::get<std::optional<std::chrono::milliseconds>>(limit);
  if (wanted && (!what.timeout || *wanted < *what.timeout))
    what.timeout = wanted;
  if (!settings_.api_keys.empty())
    what.tenant = tenant_of(got.headers, settings_.api_keys, what.tenant);
  if (!what.sampling.seeded)
    what.sampling.seed = random_number();
  submission all;
  all.id = next_id_++;
  all.client = out;
  all.what = std::move(what);
  all.path = got.path;
  all.request_id = http::find(got.headers, "X-Request-Id").value_or("");
  all.arrived = arrived;
  const auto id = all.id;
  if (lease)
    sessions_->held_by(lease->id(), id);
  all.lease = std::move(lease);
  hooks_.submit(std::move(all));
  // After the submission, so that the actor hears of it in this order.
  out->on_close(
      [gone = hooks_.gone, id](http::close_reason why) { gone(id, why); });
  out->on_backlog(
      [backlog = hooks_.backlog, id](bool much) { backlog(id, much); });
}

} // namespace sluice::actors
