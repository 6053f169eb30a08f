// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The front's session endpoints. What a session says is kept at the door; a
// chunk goes through the graph as a request that only fills the cache.
#include "actors/gateway/front.hpp"
#include "actors/gateway/json_text.hpp"
#include "actors/gateway/model_pages.hpp"
#include "actors/gateway/parse_session.hpp"
#include "actors/gateway/request_headers.hpp"
#include "actors/gateway/route.hpp"

namespace sluice::actors {

namespace http = transport::http;

namespace {

// "sess-1f" of "/v1/sessions/sess-1f/append".
std::string id_in(std::string_view path) {
  path.remove_prefix(std::string_view{"/v1/sessions/"}.size());
  return std::string{path.substr(0, path.find('/'))};
}

http::response opened_page(const std::string& id, const std::string& model,
                           std::chrono::milliseconds ttl) {
  std::string body = "{\"id\":";
  append_quoted(body, id);
  body += ",\"object\":\"session\",\"model\":";
  append_quoted(body, model);
  body += ",\"ttl\":";
  append_logprob(body, static_cast<float>(ttl.count()) / 1000.0f);
  return json_response(body += '}');
}

http::response deleted_page(const std::string& id) {
  std::string body = "{\"id\":";
  append_quoted(body, id);
  return json_response(body
                       + ",\"object\":\"session.deleted\","
                         "\"deleted\":true}");
}

} // namespace

void front::session(const route& to, const http_request& got,
                    exchange_ptr out) {
  const auto view = door_->look();
  if (view.phase != door_phase::open || !view.models)
    return out->respond(to_response(closed_error(view)));
  // Without keys everybody is the same owner.
  const auto owner =
      settings_.api_keys.empty() ? std::string_view{} : bearer_of(got.headers);
  switch (to.to) {
  case route::target::session_open:
    return out->respond(open_session(got, *view.models, owner));
  case route::target::session_delete:
    return out->respond(delete_session(id_in(got.path), owner));
  default:
    return feed_session(to, got, std::move(out), owner);
  }
}

http::response front::open_session(const http_request& got,
                                   const catalogue& models,
                                   std::string_view owner) {
  auto result = parse_session(got.body);
  if (const auto* error = std::get_if<api_error>(&result))
    return to_response(*error);
  const auto& wish = std::get<session_wish>(result);
  const auto* model = find_model(models, wish.model);
  if (model == nullptr)
    return to_response(no_model(models, wish.model));
  const auto ttl =
      std::min(wish.ttl.value_or(sessions_->longest()), sessions_->longest());
  auto opened = sessions_->open(std::string{owner}, model->names.front(), ttl);
  if (const auto* error = std::get_if<api_error>(&opened))
    return to_response(*error);
  hooks_.session_opened();
  return opened_page(std::get<std::string>(opened), model->names.front(), ttl);
}

http::response front::delete_session(const std::string& id,
                                     std::string_view owner) {
  auto removed = sessions_->remove(id, owner);
  if (const auto* error = std::get_if<api_error>(&removed))
    return to_response(*error);
  hooks_.session_removed(std::get<session_table::removed>(removed));
  return deleted_page(id);
}

// Append and generate.
void front::feed_session(const route& to, const http_request& got,
                         exchange_ptr out, std::string_view owner) {
  auto held = sessions_->take(id_in(got.path), owner);
  if (const auto* error = std::get_if<api_error>(&held))
    return out->respond(to_response(*error));
  auto lease = std::get<session_table::lease_ptr>(std::move(held));
  auto result =
      to.to == route::target::session_append
          ? append_to(*lease, got.body)
          : parse_generate(got.body, settings_.limits, lease->content());
  if (const auto* error = std::get_if<api_error>(&result)) {
    lease.reset(); // before the client can hear of it
    return out->respond(to_response(*error));
  }
  auto& what = std::get<api_request>(result);
  what.session = lease->id();
  if (what.model.empty())
    what.model = lease->model();
  submit(std::move(what), got, std::move(out), std::move(lease));
}

parsed<api_request> front::append_to(session_lease& lease,
                                     std::string_view body) {
  auto chunk = parse_chunk(body);
  if (const auto* error = std::get_if<api_error>(&chunk))
    return *error;
  if (const auto error = lease.content().add(std::get<session_content>(chunk)))
    return *error;
  return prefill_of(lease.content());
}

} // namespace sluice::actors
