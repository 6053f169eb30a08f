// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A whole graph that serves HTTP in the test's own process, and what a test
// asks of it. Its end proves that no block stayed behind.
#pragma once

#include "graph/build/running_graph.hpp"
#include "graph/load.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

namespace sluice::graph::tests {

/// gateway, preprocess, model and postprocess in a row. `of_model` and
/// `of_actor` go on with the settings of the model and of its actor.
inline std::string chat_graph(const std::string& of_model,
                              const std::string& of_actor) {
  return R"(graph: chat
models:
  edge: {path: examples/models/edge-q8_0.gguf)"
         + of_model + R"(}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 2)"
         + of_actor + R"(}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
)";
}

class served_graph {
public:
  explicit served_graph(const std::string& text) : graph_{load(text)} {
    BOOST_REQUIRE_MESSAGE(graph_.wait_ready(std::chrono::seconds{60}),
                          graph_.failure());
  }

  ~served_graph() {
    const auto report = graph_.stop();
    BOOST_TEST(report.clean(), report.books);
  }

  transport::http::response post(const std::string& path,
                                 const boost::json::object& body) const {
    return transport::http::client{graph_.listening()}.send(
        "POST", path, boost::json::serialize(body));
  }

  /// The choices of a completion as text; what the server says where it
  /// refuses. Uses no macro of Boost.Test, so any thread may call it.
  std::string choices(const boost::json::object& body) const {
    const auto got = post("/v1/completions", body);
    if (got.status != 200)
      return "status " + std::to_string(got.status) + ": " + got.body;
    return boost::json::serialize(boost::json::parse(got.body).at("choices"));
  }

  /// `choices` of all, asked at once.
  std::vector<std::string>
  at_once(const std::vector<boost::json::object>& bodies) const {
    std::vector<std::string> out(bodies.size());
    {
      std::vector<std::jthread> clients;
      for (std::size_t i = 0; i < bodies.size(); ++i)
        clients.emplace_back([&, i] { out[i] = choices(bodies[i]); });
    }
    return out;
  }

  /// Of the model 'edge', from /metrics.
  double figure(const std::string& name) const {
    const auto page =
        transport::http::client{graph_.listening()}.send("GET", "/metrics");
    const auto line = name + "{model_name=\"edge\"} ";
    const auto at = page.body.find(line);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, name);
    return std::stod(page.body.substr(at + line.size()));
  }

  const running_graph& graph() const { return graph_; }

private:
  static validated_graph load(const std::string& text) {
    auto loaded = parse_graph(text, "chat.yaml");
    BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
    return std::move(*loaded.value);
  }

  running_graph graph_;
};

} // namespace sluice::graph::tests
