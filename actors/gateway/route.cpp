// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/route.hpp"

#include "actors/gateway/api_error.hpp"

#include <algorithm>
#include <array>

namespace sluice::actors {

namespace http = transport::http;

namespace {

// "/v1/sessions/sess-1f/append" with the id as the table writes it; "" for
// other paths.
std::string session_shape(std::string_view path) {
  constexpr std::string_view prefix = "/v1/sessions/";
  if (!path.starts_with(prefix))
    return {};
  const auto rest = path.substr(prefix.size());
  const auto end = std::min(rest.find('/'), rest.size());
  return std::string{prefix} + "{id}" + std::string{rest.substr(end)};
}

} // namespace

const route* find_route(std::string_view path) {
  using target = route::target;
  static constexpr std::array routes{
      route{"/v1/chat/completions", "POST", target::chat},
      route{"/v1/completions", "POST", target::completions},
      route{"/v1/embeddings", "POST", target::embeddings},
      route{"/v1/responses", "POST", target::responses},
      route{"/completion", "POST", target::native},
      route{"/completions", "POST", target::native},
      route{"/props", "GET", target::props},
      route{"/slots", "GET", target::slots},
      route{"/v1/models", "GET", target::models},
      route{"/tokenize", "POST", target::tokenize},
      route{"/detokenize", "POST", target::detokenize},
      route{"/health", "GET", target::health},
      route{"/metrics", "GET", target::metrics},
      route{"/v1/sessions", "POST", target::session_open},
      route{"/v1/sessions/{id}", "DELETE", target::session_delete},
      route{"/v1/sessions/{id}/append", "POST", target::session_append},
      route{"/v1/sessions/{id}/generate", "POST", target::session_generate},
      route{"/", "GET", target::index},
  };
  const auto shape = session_shape(path);
  if (!shape.empty())
    path = shape;
  if (path.starts_with("/v1/models/"))
    path = "/v1/models";
  const auto* at = std::find_if(routes.begin(), routes.end(),
                                [&](const route& r) { return r.path == path; });
  return at == routes.end() ? nullptr : at;
}

std::string_view route::allowed() const {
  return method == "GET"      ? "GET, HEAD, OPTIONS"
         : method == "DELETE" ? "DELETE, OPTIONS"
                              : "POST, OPTIONS";
}

bool route::takes(std::string_view asked) const {
  return asked == method || (asked == "HEAD" && method == "GET");
}

http::response wrong_method(const route& to, std::string_view method) {
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

std::string_view index_page() {
  return "Sluice answers here:\n"
         "  POST /v1/chat/completions  OpenAI's chat\n"
         "  POST /v1/completions       raw prompts\n"
         "  POST /v1/embeddings        texts to vectors\n"
         "  POST /v1/responses         OpenAI's responses\n"
         "  POST /completion           llama.cpp's raw prompts, also "
         "/completions\n"
         "  POST /v1/sessions          input in chunks: .../append, "
         ".../generate\n"
         "  GET  /v1/models            what is served\n"
         "  POST /tokenize             text to token ids\n"
         "  POST /detokenize           token ids to text\n"
         "  GET  /health               200 once requests are taken\n"
         "  GET  /props                defaults and template, for llama.cpp's "
         "clients\n"
         "  GET  /slots                what its places for requests do\n"
         "  GET  /metrics              figures for Prometheus\n";
}

} // namespace sluice::actors
