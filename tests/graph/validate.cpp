// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Meaning: one wrong graph per rule.
#include "tests/graph/mistakes.hpp"

#include <capnp/schema.h>

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

std::string graph_with(const std::string& from, const std::string& to) {
  return mistakes(with(right_graph, from, to));
}

std::string router_with(const std::string& from, const std::string& to) {
  return mistakes(with(right_router, from, to));
}

} // namespace

BOOST_AUTO_TEST_SUITE(validation)

BOOST_AUTO_TEST_CASE(names_are_names) {
  BOOST_TEST(graph_with("graph: chat", "graph: a b")
             == "g.yaml:1:8: graph 'a b' is no name: a letter, then letters, "
                "digits, '_' and '-', at most 63\n");
  BOOST_TEST(mistakes(right_graph + "") == "");
  BOOST_TEST(graph_with("  done:", "  9th: {kind: gateway}\n  done:")
                 .find("g.yaml:8:3: actor '9th' is no name")
             == 0);
}

BOOST_AUTO_TEST_CASE(name_given_twice_is_refused_with_both_lines) {
  BOOST_TEST(graph_with("  done:", "  home: {kind: gateway}\n  done:")
             == "g.yaml:8:3: key 'home' stands twice; the first is in line "
                "7\n");
}

BOOST_AUTO_TEST_CASE(unknown_model_names_the_nearest) {
  BOOST_TEST(mistakes(with(with(right_graph, "m: {path", "large: {path"),
                           "model: m", "model: lagre"))
                 .find("g.yaml:6:35: unknown model 'lagre' (did you mean "
                       "'large'?)\n")
             == 0);
}

BOOST_AUTO_TEST_CASE(unused_model_is_refused) {
  BOOST_TEST(graph_with("actors:", "  spare: {path: s.gguf}\nactors:")
             == "g.yaml:4:3: no actor uses the model 'spare'\n");
}

BOOST_AUTO_TEST_CASE(missing_model_file_is_told_beside_the_graph_file) {
  auto result = parse_graph(right_graph, "some/g.yaml");
  BOOST_TEST(to_string(result.mistakes)
             == "some/g.yaml:3:13: model file 'some/m.gguf' does not exist\n");
}

BOOST_AUTO_TEST_CASE(chat_template_must_be_a_file) {
  const auto told = [](const std::string& file) {
    const auto path = "{path: examples/models/edge-q8_0.gguf, chat_template: ";
    return to_string(
        parse_graph(with(right_graph, "{path: m.gguf", path + file), "g.yaml")
            .mistakes);
  };
  BOOST_TEST(told("no.jinja")
             == "g.yaml:3:60: chat template 'no.jinja' does not exist\n");
  BOOST_TEST(told("tests")
             == "g.yaml:3:60: chat template 'tests' is a folder\n");
  BOOST_TEST(told("tests/data/templates/Qwen-Qwen3-0.6B.jinja") == "");
}

BOOST_AUTO_TEST_CASE(unknown_actor_in_flow_points_into_the_text) {
  BOOST_TEST(graph_with("prep -> home -> done", "prep -> hom -> done")
             == "g.yaml:10:21: unknown actor 'hom' (did you mean 'home'?)\n");
}

BOOST_AUTO_TEST_CASE(mismatch_names_both_ports_and_both_types) {
  BOOST_TEST(graph_with("prep -> home -> done", "prep -> done")
             == "g.yaml:10:13: output 'prep.prompt' gives prompt, but input "
                "'done.tokens' takes tokens\n");
}

BOOST_AUTO_TEST_CASE(unknown_port_names_the_known_ones) {
  BOOST_TEST(graph_with("- done -> door", "- done.txt -> door")
             == "g.yaml:11:5: 'done' has no output 'txt' (did you mean "
                "'text'?)\n");
  BOOST_TEST(graph_with("- done -> door", "- done -> door.in")
             == "g.yaml:11:13: 'door' has no input 'in' (known: text)\n");
}

BOOST_AUTO_TEST_CASE(output_feeds_one_actor) {
  auto text =
      with(right_graph, "  done:", "  more: {kind: model, model: m}\n  done:");
  BOOST_TEST(mistakes(text + "  - prep -> more -> done\n")
             == "g.yaml:13:5: output 'prep.prompt' already leads to 'home' in "
                "line 11; an output feeds one actor, and a router chooses "
                "among several\n");
}

BOOST_AUTO_TEST_CASE(dangling_output_says_what_it_gives) {
  BOOST_TEST(graph_with("  - done -> door\n", "")
             == "g.yaml:5:3: nothing feeds input 'door.text'; it takes text\n"
                "g.yaml:8:3: output 'done.text' leads nowhere; it gives "
                "text\n");
}

BOOST_AUTO_TEST_CASE(actor_outside_the_flow_is_told_once) {
  BOOST_TEST(graph_with("  done:", "  more: {kind: model, model: m}\n  done:")
             == "g.yaml:8:3: no flow goes through the actor 'more'\n");
}

BOOST_AUTO_TEST_CASE(input_that_nothing_feeds_is_told) {
  auto text =
      with(right_graph, "  done:", "  more: {kind: model, model: m}\n  done:");
  BOOST_TEST(mistakes(text + "  - more -> done\n")
             == "g.yaml:8:3: nothing feeds input 'more.prompt'; it takes "
                "prompt\n");
}

BOOST_AUTO_TEST_CASE(graph_without_gateway_has_no_entry) {
  BOOST_TEST(mistakes("graph: g\nmodels: {m: {path: p}}\nactors:\n"
                      "  a: {kind: model, model: m}\n"
                      "  b: {kind: postprocess, model: m}\n"
                      "flow: [a -> b]\n")
                 .find("g.yaml:3:1: a graph needs a gateway, where requests "
                       "enter")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(second_gateway_is_refused) {
  BOOST_TEST(
      graph_with("  done:", "  side: {kind: gateway}\n  done:")
          .find("g.yaml:8:3: 'side' is a second gateway beside 'door'; a "
                "graph has one\n")
      != std::string::npos);
}

BOOST_AUTO_TEST_CASE(cycle_is_printed) {
  BOOST_TEST(
      mistakes("graph: g\nmodels: {m: {path: p}}\nactors:\n"
               "  door: {kind: gateway}\n"
               "  prep: {kind: preprocess, model: m}\n"
               "  a: {kind: router, rules: [{when: {label: x}, to: on}, {to: "
               "out}]}\n"
               "  b: {kind: router, rules: [{to: back}]}\n"
               "  home: {kind: model, model: m}\n"
               "  done: {kind: postprocess, model: m}\n"
               "flow:\n"
               "  - door -> prep -> a\n"
               "  - a.on -> b\n"
               "  - b.back -> a\n"
               "  - a.out -> home -> done -> door\n")
      == "g.yaml:6:3: requests would run in a circle: a -> b -> a\n");
}

BOOST_AUTO_TEST_CASE(circle_apart_from_the_door_is_unreached_too) {
  BOOST_TEST(mistakes(with(right_graph, "  done:",
                           "  a: {kind: router, rules: [{to: x}]}\n"
                           "  b: {kind: router, rules: [{to: y}]}\n  done:")
                      + "  - a.x -> b\n  - b.y -> a\n")
             == "g.yaml:8:3: no request reaches 'a' from 'door'\n"
                "g.yaml:9:3: no request reaches 'b' from 'door'\n"
                "g.yaml:8:3: requests would run in a circle: a -> b -> a\n");
}

BOOST_AUTO_TEST_CASE(router_output_needs_its_name) {
  BOOST_TEST(
      router_with("- pick.home -> home -> done", "- pick -> home -> done")
          .find("g.yaml:18:5: 'pick' is a router: name the output, as in "
                "'pick.home -> ...'\n")
      == 0);
}

BOOST_AUTO_TEST_CASE(rule_to_nowhere_names_the_nearest_output) {
  BOOST_TEST(router_with("above: 0.8}, to: away", "above: 0.8}, to: awya")
             == "g.yaml:11:49: no flow leaves 'pick.awya' (did you mean "
                "'away'?)\n"
                "g.yaml:19:5: no rule of 'pick' leads to 'pick.away' (did you "
                "mean 'awya'?)\n");
}

BOOST_AUTO_TEST_CASE(last_rule_matches_always) {
  BOOST_TEST(router_with("      - {to: home}\n", "")
             == "g.yaml:11:9: the last rule of 'pick' needs to match always: "
                "add '- {to: ...}' after it\n");
}

BOOST_AUTO_TEST_CASE(rules_after_the_default_are_never_read) {
  BOOST_TEST(router_with("{when: {label: sensitive}, to: home}", "{to: home}")
             == "g.yaml:10:9: this rule always matches, so the rules after it "
                "are never read\n");
}

BOOST_AUTO_TEST_CASE(conditions_say_something_whole) {
  BOOST_TEST(router_with("{load_of: home, above: 0.8}", "{load_of: home}")
             == "g.yaml:11:16: 'load_of' needs 'above' or 'below'\n");
  BOOST_TEST(router_with("{load_of: home, above: 0.8}", "{above: 0.8}")
             == "g.yaml:11:16: 'above' and 'below' need 'load_of'\n");
  BOOST_TEST(router_with("{load_of: home, above: 0.8}", "{}")
             == "g.yaml:11:16: 'when' says nothing; leave it out for the rule "
                "that always matches\n");
  BOOST_TEST(router_with("above: 0.8", "above: 0.8, below: 0.2")
             == "g.yaml:11:16: no load is above and below these numbers at "
                "once\n");
}

BOOST_AUTO_TEST_CASE(load_is_of_models) {
  BOOST_TEST(router_with("load_of: home", "load_of: hme")
             == "g.yaml:11:26: unknown actor 'hme' (did you mean 'home'?)\n");
  BOOST_TEST(router_with("load_of: home", "load_of: prep")
             == "g.yaml:11:26: 'prep' is no model actor; only models have a "
                "load\n");
}

BOOST_AUTO_TEST_CASE(addresses_parse) {
  BOOST_TEST(graph_with("{kind: gateway}", "{kind: gateway, listen: 'a:b'}")
             == "g.yaml:5:33: field 'listen' needs an address such as "
                "'127.0.0.1:8080' or ':8080', not 'a:b'\n");
}

BOOST_AUTO_TEST_CASE(step_holds_more_tokens_than_the_batch_has_requests) {
  BOOST_TEST(graph_with("{kind: model, model: m}",
                        "{kind: model, model: m, batch: 600}")
             == "g.yaml:7:40: 'step_tokens' (512) must be greater than 'batch' "
                "(600)\n");
}

BOOST_AUTO_TEST_CASE(cache_resolves_both_ways_by_type) {
  auto result = parse_graph(cached_graph, "g.yaml", {.check_files = false});
  BOOST_TEST(to_string(result.mistakes) == "");
  BOOST_REQUIRE(result);
  std::string edges;
  for (const auto& edge : result.value->edges())
    edges += result.value->actors()[edge.from].name + "." + edge.output + ">"
             + result.value->actors()[edge.to].name + "." + edge.input + " ";
  BOOST_TEST(edges
             == "door.request>memo.request memo.request>prep.request "
                "prep.prompt>home.prompt home.tokens>done.tokens "
                "done.text>memo.text memo.text>door.text ");
}

BOOST_AUTO_TEST_CASE(cache_stands_on_both_ways) {
  BOOST_TEST(
      mistakes(with(cached_graph, "done -> memo -> door", "done -> door"))
      == "g.yaml:6:3: requests pass the cache 'memo', but no text does: "
         "it also belongs on the way back, as in 'done -> memo -> "
         "door'\n");
  BOOST_TEST(
      mistakes(with(cached_graph, "door -> memo -> prep", "door -> prep"))
      == "g.yaml:6:3: text passes the cache 'memo', but no requests do: "
         "it also belongs on the way in, as in 'door -> memo -> "
         "prep'\n");
  BOOST_TEST(mistakes(with(cached_graph, "door -> memo -> prep -> home",
                           "door -> prep -> memo -> home"))
             == "g.yaml:11:13: 'prep' gives prompt, but 'memo' takes request "
                "or text\n"
                "g.yaml:11:21: 'memo' gives request or text, but 'home' takes "
                "prompt\n");
}

BOOST_AUTO_TEST_CASE(text_of_a_cache_goes_back_to_where_requests_come_from) {
  auto two = with(cached_graph, "  prep:", "  more: {kind: cache}\n  prep:");
  two =
      with(two, "door -> memo -> prep", "door -> memo -> more.request -> prep");
  BOOST_TEST(mistakes(with(two, "done -> memo -> door",
                           "done -> more -> memo -> door"))
             == "g.yaml:12:13: more than one edge fits from 'memo' to 'more': "
                "name the output, as in 'memo.request -> more'\n"
                "g.yaml:13:13: more than one edge fits from 'more' to 'memo': "
                "name the output, as in 'more.request -> memo'\n");
  two =
      with(two, "door -> memo -> more.request", "door -> memo.request -> more");
  BOOST_TEST(mistakes(with(two, "done -> memo -> door",
                           "done -> more.text -> memo -> door"))
             == "");
  BOOST_TEST(mistakes(with(two, "done -> memo -> door",
                           "done -> memo.text -> more -> door"))
             == "g.yaml:6:3: the cache 'memo' gets requests from 'door', so "
                "its text goes back there, not to 'more'\n"
                "g.yaml:7:3: the cache 'more' gets requests from 'memo', so "
                "its text goes back there, not to 'door'\n");
}

BOOST_AUTO_TEST_CASE(drafts_come_from_a_model_or_from_looking_back) {
  const auto draft = [](const std::string& text) {
    return graph_with("{kind: model, model: m}",
                      "{kind: model, model: m, draft: " + text + "}");
  };
  BOOST_TEST(draft("{lookup: true}") == "");
  BOOST_TEST(draft("{tokens: 3}")
             == "g.yaml:7:40: 'draft' needs exactly one of 'model' and "
                "'lookup'\n");
  BOOST_TEST(draft("{model: n}")
             == "g.yaml:7:48: unknown model 'n' (known: m)\n");
  BOOST_TEST(draft("{model: m}")
             == "g.yaml:7:48: a model that drafts for itself saves nothing\n");
}

BOOST_AUTO_TEST_CASE(model_that_only_drafts_is_used) {
  const auto two = with(right_graph, "m: {path: m.gguf}",
                        "m: {path: m.gguf}\n  s: {path: s.gguf}");
  BOOST_TEST(mistakes(with(two, "{kind: model, model: m}",
                           "{kind: model, model: m, draft: {model: s}}"))
             == "");
}

BOOST_AUTO_TEST_CASE(empty_key_would_let_everybody_in) {
  BOOST_TEST(graph_with("{kind: gateway}", "{kind: gateway, api_keys: ''}")
             == "g.yaml:5:35: an empty key lets everybody in\n");
}

BOOST_AUTO_TEST_CASE(label_rules_find_one_thing_that_compiles) {
  BOOST_TEST(router_with("find: pii", "find: pii, words: [x]")
             == "g.yaml:6:45: a label rule needs exactly one of 'find', "
                "'pattern' and 'words'\n");
  BOOST_TEST(router_with("find: pii", "pattern: '(a'")
             == "g.yaml:6:70: pattern '(a' is no regular expression: missing "
                "): (a\n");
  BOOST_TEST(router_with("find: pii", "words: ['']")
             == "g.yaml:6:69: an empty word is found everywhere\n");
}

BOOST_AUTO_TEST_CASE(every_kind_of_the_schema_is_registered) {
  auto kinds = built_in_kinds();
  auto actor = capnp::Schema::from<schema::Actor>();
  auto tag = actor.getFieldByName("kind").getType().asStruct();
  std::size_t members = 0;
  for (auto field : tag.getUnionFields()) {
    if (!field.getType().isStruct())
      continue;
    ++members;
    std::string name = field.getProto().getName().cStr();
    BOOST_TEST(kinds.find(name) != nullptr, name);
  }
  BOOST_TEST(members == kinds.names().size());
}

BOOST_AUTO_TEST_CASE(edges_that_close_requests_point_back) {
  auto result = parse_graph(right_graph, "g.yaml", {.check_files = false});
  BOOST_REQUIRE(result.value);
  BOOST_TEST(result.value->edges().size() == 4u);
  BOOST_TEST(!result.value->edges().front().back());
  BOOST_TEST(result.value->edges().back().back());
}

BOOST_AUTO_TEST_SUITE_END()
