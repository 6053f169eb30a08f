// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Taps, injections, and actors of a host's own kinds.
#include "tests/apps/embed/graphs.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <mutex>

using namespace sluice;
using namespace embed_tests;

BOOST_TEST_DONT_PRINT_LOG_VALUE(sluice::error_code)
BOOST_TEST_DONT_PRINT_LOG_VALUE(sluice::message_type)

namespace {

/// Calls a function for each message, with a place to send to.
class lambda_actor : public host_actor {
public:
  using handler = std::function<void(message, const outputs&)>;
  lambda_actor(handler handle, outputs out)
      : handle_{std::move(handle)}, out_{std::move(out)} {}
  void receive(std::string_view, message what) override {
    handle_(std::move(what), out_);
  }

private:
  handler handle_;
  outputs out_;
};

actor_kind kind_of(std::string name, message_type in, message_type out,
                   lambda_actor::handler handle) {
  actor_kind made;
  made.name = std::move(name);
  made.inputs = {{"in", in}};
  made.outputs = {{"out", out}};
  made.make = [handle](const actor_context& context) {
    return std::make_unique<lambda_actor>(handle, context.out);
  };
  return made;
}

const std::string filtered = R"(graph: filtered
models:
  edge: {path: models/edge-q8_0.gguf}
actors:
  prep: {kind: preprocess, model: edge}
  own: {kind: own}
  home: {kind: model, model: edge, threads: 1, kv_memory: 64MiB}
  done: {kind: postprocess, model: edge}
flow:
  - prep -> own -> home -> done
)";

runtime with_own(actor_kind kind, std::string graph = filtered) {
  auto how = options();
  how.kinds.push_back(std::move(kind));
  return runtime::open_text(graph, how);
}

void pass(message what, const outputs& out) {
  out.emit("out", std::move(what));
}

std::string shaken(std::string graph, const std::string& flow) {
  return graph.substr(0, graph.find("flow:")) + "flow:\n" + flow;
}

} // namespace

BOOST_AUTO_TEST_SUITE(taps)

BOOST_AUTO_TEST_CASE(tap_sees_a_copy_of_every_message) {
  auto graph = runtime::open_text(plain, options());
  const std::vector<std::string> expected{"prep -> home", "home -> done",
                                          "host -> prep", "done -> host"};
  BOOST_TEST(graph.edges() == expected, boost::test_tools::per_element());
  std::mutex mutex;
  std::vector<std::int32_t> ids;
  std::vector<message> prompts;
  auto tokens = graph.tap("home -> done", [&](const message& what) {
    const std::lock_guard lock{mutex};
    ids.insert(ids.end(), what.tokens.begin(), what.tokens.end());
  });
  auto prompt = graph.tap("prep->home", [&](const message& what) {
    const std::lock_guard lock{mutex};
    prompts.push_back(what);
  });
  auto wish = question();
  wish.labels = {"green"};
  wish.tenant = "ada";
  const auto whole = graph.submit(wish).collect();
  const std::lock_guard lock{mutex};
  BOOST_TEST(ids.size() == whole.completion_tokens);
  BOOST_REQUIRE(prompts.size() == 1u);
  BOOST_TEST(prompts[0].type == message_type::prompt);
  BOOST_TEST(prompts[0].labels == std::vector<std::string>{"green"});
  BOOST_TEST(prompts[0].tenant == "ada");
  BOOST_TEST(prompts[0].tokens.size() == whole.prompt_tokens);
}

BOOST_AUTO_TEST_CASE(closed_tap_sees_nothing_more) {
  auto graph = runtime::open_text(plain, options());
  int seen = 0;
  auto tap = graph.tap("done -> host", [&](const message&) { ++seen; });
  graph.submit(question()).collect();
  tap.close();
  const auto before = seen;
  graph.submit(question()).collect();
  BOOST_TEST(before > 0);
  BOOST_TEST(seen == before);
}

BOOST_AUTO_TEST_CASE(throwing_tap_harms_nobody) {
  auto graph = runtime::open_text(plain, options());
  auto tap = graph.tap("done -> host", [](const message&) {
    throw std::runtime_error("blind");
  });
  BOOST_TEST(graph.submit(question()).collect().completion_tokens == 16u);
}

BOOST_AUTO_TEST_CASE(unknown_edge_is_told_with_those_there_are) {
  auto graph = runtime::open_text(plain, options());
  std::string text;
  BOOST_TEST(refuses([&] { (void)graph.tap("prep -> pick", [](auto&) {}); },
                     error_code::unknown_edge, &text));
  BOOST_TEST(text.find("no edge is called 'prep -> pick'; there are "
                       "'prep -> home'")
             == 0u);
}

BOOST_AUTO_TEST_CASE(injected_prompt_is_answered) {
  auto graph = runtime::open_text(plain, options());
  std::promise<message> seen;
  bool first = true;
  auto tap = graph.tap("prep -> home", [&](const message& what) {
    if (std::exchange(first, false))
      seen.set_value(what);
  });
  const auto whole = graph.submit(question()).collect();
  auto again = seen.get_future().get();
  again.id = 0;
  again.deadline = {};
  BOOST_TEST(graph.inject("prep -> home", again).collect().text == whole.text);
}

BOOST_AUTO_TEST_CASE(injection_of_a_wrong_type_is_refused) {
  auto graph = runtime::open_text(plain, options());
  std::string text;
  message what;
  what.type = message_type::text;
  BOOST_TEST(refuses([&] { graph.inject("prep -> home", what); },
                     error_code::wrong_type, &text));
  BOOST_TEST(text == "edge 'prep -> home' carries prompt, not text");
  BOOST_TEST(refuses([&] { graph.inject("done -> host", what); },
                     error_code::bad_argument, &text));
}

BOOST_AUTO_TEST_CASE(injected_text_reaches_a_stream_under_way) {
  auto graph = runtime::open_text(plain, options());
  auto one = graph.submit(question("Once", 400));
  BOOST_TEST(one.next().has_value());
  message what;
  what.type = message_type::text;
  what.id = one.id();
  what.text = "<note>";
  graph.inject("done -> host", what);
  bool found = false;
  while (auto piece = one.next())
    if ((found = piece->text == "<note>"))
      break;
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(own_kinds)

BOOST_AUTO_TEST_CASE(own_actor_passes_prompts_on_unchanged) {
  auto graph = with_own(
      kind_of("own", message_type::prompt, message_type::prompt, pass));
  auto without = runtime::open_text(plain, options());
  BOOST_TEST(graph.submit(question()).collect().text
             == without.submit(question()).collect().text);
  BOOST_TEST(graph.close().clean());
}

BOOST_AUTO_TEST_CASE(own_actor_stands_between_model_and_text) {
  auto graph =
      with_own(kind_of("own", message_type::tokens, message_type::tokens, pass),
               shaken(filtered, "  - prep -> home -> own -> done\n"));
  auto without = runtime::open_text(plain, options());
  auto wish = question("Once", 200);
  const auto whole = without.submit(wish).collect().text;
  BOOST_TEST(graph.submit(wish).collect().text == whole);
  // A stop string is found behind it, and the model hears of it.
  wish.stop = {whole.substr(whole.size() / 2, 6)};
  const auto stopped = graph.submit(wish).collect();
  BOOST_TEST(stopped.text == whole.substr(0, whole.find(wish.stop[0])));
  BOOST_TEST(graph.close().clean());
}

BOOST_AUTO_TEST_CASE(own_actor_changes_text) {
  auto graph = with_own(kind_of("own", message_type::text, message_type::text,
                                [](message what, const outputs& out) {
                                  for (auto& c : what.text)
                                    c = static_cast<char>(c == 'e' ? '*' : c);
                                  out.emit("out", std::move(what));
                                }),
                        shaken(filtered, "  - prep -> home -> done -> own\n"));
  auto without = runtime::open_text(plain, options());
  auto expected = without.submit(question()).collect().text;
  for (auto& c : expected)
    c = c == 'e' ? '*' : c;
  BOOST_TEST(graph.submit(question()).collect().text == expected);
}

BOOST_AUTO_TEST_CASE(own_actor_stands_on_both_ways) {
  auto kind = kind_of("own", message_type::request, message_type::request,
                      [](message what, const outputs& out) {
                        const bool text = what.type == message_type::text;
                        out.emit(text ? "back" : "out", std::move(what));
                      });
  kind.inputs.push_back({"text", message_type::text});
  kind.outputs.push_back({"back", message_type::text});
  auto graph = with_own(kind, shaken(filtered, "  - own -> prep -> home -> "
                                               "done -> own\n"));
  BOOST_TEST(graph.submit(question()).collect().completion_tokens == 16u);
  BOOST_TEST(graph.close().clean());
}

BOOST_AUTO_TEST_CASE(refused_prompt_ends_with_the_actors_words) {
  auto graph =
      with_own(kind_of("own", message_type::prompt, message_type::prompt,
                       [](message what, const outputs& out) {
                         out.refuse(what.id, "not on a Sunday");
                       }));
  std::string text;
  BOOST_TEST(refuses([&] { graph.submit(question()).collect(); },
                     error_code::bad_request, &text));
  BOOST_TEST(text == "not on a Sunday");
}

BOOST_AUTO_TEST_CASE(throwing_actor_ends_that_request_alone) {
  bool first = true;
  auto graph =
      with_own(kind_of("own", message_type::prompt, message_type::prompt,
                       [&](message what, const outputs& out) {
                         if (std::exchange(first, false))
                           throw std::runtime_error("stumbled");
                         out.emit("out", std::move(what));
                       }));
  std::string text;
  BOOST_TEST(refuses([&] { graph.submit(question()).collect(); },
                     error_code::host_failed, &text));
  BOOST_TEST(text == "actor 'own': stumbled");
  BOOST_TEST(graph.submit(question()).collect().completion_tokens == 16u);
}

BOOST_AUTO_TEST_CASE(actor_that_throws_at_tokens_cancels_the_model) {
  int count = 0;
  auto graph =
      with_own(kind_of("own", message_type::tokens, message_type::tokens,
                       [&](message what, const outputs& out) {
                         if (++count == 4)
                           throw std::runtime_error("full");
                         out.emit("out", std::move(what));
                       }),
               shaken(filtered, "  - prep -> home -> own -> done\n"));
  BOOST_TEST(refuses([&] { graph.submit(question("Once", 2000)).collect(); },
                     error_code::host_failed));
  const auto report = graph.close();
  BOOST_TEST(report.clean(), report.books);
}

BOOST_AUTO_TEST_CASE(emission_of_a_wrong_type_is_refused_with_its_port) {
  auto graph =
      with_own(kind_of("own", message_type::prompt, message_type::prompt,
                       [](message what, const outputs& out) {
                         what.type = message_type::text;
                         out.emit("out", std::move(what));
                       }));
  std::string text;
  BOOST_TEST(refuses([&] { graph.submit(question()).collect(); },
                     error_code::host_failed, &text));
  BOOST_TEST(text == "actor 'own': output 'own.out' gives prompt, not text");
}

BOOST_AUTO_TEST_CASE(port_of_a_wrong_type_is_refused_in_the_flow) {
  std::string text;
  BOOST_TEST(refuses(
      [] {
        with_own(
            kind_of("own", message_type::request, message_type::prompt, pass));
      },
      error_code::bad_graph, &text));
  BOOST_TEST(text.find("output 'prep.prompt' gives prompt, but input 'own.in' "
                       "takes request")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(settings_are_checked_and_handed_over) {
  auto echo = kind_of("echo", message_type::request, message_type::text, pass);
  echo.settings = {
      {"suffix", setting_type::text, true, {}},
      {"times", setting_type::integer, false, std::int64_t{1}, 1, 9}};
  std::string seen;
  echo.make = [&](const actor_context& context) {
    seen =
        std::get<std::string>(context.settings.at("suffix"))
        + std::to_string(std::get<std::int64_t>(context.settings.at("times")));
    return std::make_unique<lambda_actor>(pass, context.out);
  };
  auto how = options();
  how.kinds = {echo};
  const std::string flow = "flow:\n  - front -> back\n";
  const auto graph = [&](const std::string& settings) {
    return "graph: echo\nactors:\n  front: {kind: own}\n  back: {kind: echo"
           + settings + "}\n" + flow;
  };
  how.kinds.push_back(
      kind_of("own", message_type::request, message_type::request, pass));
  std::string text;
  BOOST_TEST(
      refuses([&] { runtime::open_text(graph(", times: 10, sufix: x"), how); },
              error_code::bad_graph, &text));
  BOOST_TEST(text.find("field 'times' must be between 1 and 9, not '10'")
             != std::string::npos);
  BOOST_TEST(text.find("unknown field 'sufix' (did you mean 'suffix'?)")
             != std::string::npos);
  BOOST_TEST(text.find("'back' lacks the field 'suffix'") != std::string::npos);
  runtime::open_text(graph(", suffix: \"!\""), how);
  BOOST_TEST(seen == "!1");
}

BOOST_AUTO_TEST_CASE(kind_that_cannot_be_is_refused_by_name) {
  const auto opened_with = [](actor_kind kind, std::string& text) {
    return refuses([&] { with_own(kind); }, error_code::bad_argument, &text);
  };
  std::string text;
  auto kind =
      kind_of("model", message_type::prompt, message_type::prompt, pass);
  BOOST_TEST(opened_with(kind, text));
  BOOST_TEST(text == "kind 'model' is taken: give the kind another name");
  kind.name = "own";
  kind.inputs.push_back({"more", message_type::prompt});
  BOOST_TEST(opened_with(kind, text));
  BOOST_TEST(text == "kind 'own' has two inputs of type prompt");
  kind.inputs.pop_back();
  kind.make = nullptr;
  BOOST_TEST(opened_with(kind, text));
}

BOOST_AUTO_TEST_SUITE_END()
