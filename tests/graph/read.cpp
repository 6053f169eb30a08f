// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Reading: what the binder says of names, types, ranges and missing fields.
#include "tests/graph/mistakes.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

/// right_graph with other settings of the gateway.
std::string door(const std::string& settings) {
  return mistakes(with(right_graph, "{kind: gateway}",
                       "{kind: gateway, " + settings + "}"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(a_right_graph_has_no_mistakes) {
  BOOST_TEST(mistakes(right_graph) == "");
  BOOST_TEST(mistakes(right_router) == "");
}

BOOST_AUTO_TEST_CASE(unknown_field_names_the_nearest) {
  BOOST_TEST(door("lisen: ':80'")
             == "g.yaml:5:25: unknown field 'lisen' (did you mean "
                "'listen'?)\n");
  BOOST_TEST(mistakes(right_graph + "flwo: []\n")
             == "g.yaml:12:1: unknown field 'flwo' (did you mean 'flow'?)\n");
}

BOOST_AUTO_TEST_CASE(unknown_field_far_from_all_lists_them) {
  BOOST_TEST(mistakes(right_graph + "zones: {}\n")
             == "g.yaml:12:1: unknown field 'zones' (known: graph, models, "
                "actors, flow)\n");
}

BOOST_AUTO_TEST_CASE(missing_field_is_told_where_it_should_be) {
  BOOST_TEST(mistakes(with(right_graph, ", model: m", ""))
             == "g.yaml:6:9: 'prep' lacks the field 'model'\n");
  BOOST_TEST(mistakes(with(right_graph, "kind: gateway", ""))
             == "g.yaml:5:9: 'door' lacks the field 'kind'\n");
  BOOST_TEST(mistakes(with(right_graph, "graph: chat\n", ""))
             == "g.yaml:1:1: the file lacks the field 'graph'\n");
}

BOOST_AUTO_TEST_CASE(unknown_kind_names_the_nearest_and_blames_no_field) {
  BOOST_TEST(mistakes(with(right_graph, "kind: gateway",
                           "kind: gatway, listen: ':80'"))
             == "g.yaml:5:16: unknown kind 'gatway' (did you mean "
                "'gateway'?)\n");
}

BOOST_AUTO_TEST_CASE(wrong_types_name_what_is_needed) {
  BOOST_TEST(door("threads: many")
             == "g.yaml:5:34: field 'threads' needs a whole number, not "
                "'many'\n");
  BOOST_TEST(door("threads: '2'")
             == "g.yaml:5:34: field 'threads' needs a whole number, not the "
                "text '2'\n");
  BOOST_TEST(door("threads: 2.5")
             == "g.yaml:5:34: field 'threads' needs a whole number, not "
                "'2.5'\n");
  BOOST_TEST(door("threads: [2]")
             == "g.yaml:5:34: field 'threads' needs a whole number, not a "
                "list\n");
  BOOST_TEST(door("listen: {port: 1}")
             == "g.yaml:5:33: field 'listen' needs a text, not a map\n");
  BOOST_TEST(door("listen:") == "g.yaml:5:32: field 'listen' has no value\n");
  BOOST_TEST(mistakes(with(right_graph, "{path: m.gguf}", "m.gguf"))
             == "g.yaml:3:6: 'm' needs a map, not 'm.gguf'\n");
  BOOST_TEST(mistakes("graph: x\nactors: [a]\nflow: a\n")
             == "g.yaml:2:9: field 'actors' needs a map of names, not a list\n"
                "g.yaml:3:7: field 'flow' needs a list, not 'a'\n");
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_name_the_range) {
  BOOST_TEST(door("threads: 0")
             == "g.yaml:5:34: field 'threads' must be 1 to 1024, not '0'\n");
  BOOST_TEST(door("threads: 5000000000")
             == "g.yaml:5:34: field 'threads' must be 1 to 1024, not "
                "'5000000000'\n");
  BOOST_TEST(door("threads: -1")
             == "g.yaml:5:34: field 'threads' must be 1 to 1024, not '-1'\n");
  BOOST_TEST(door("threads: 99999999999999999999")
             == "g.yaml:5:34: field 'threads' needs a whole number, not "
                "'99999999999999999999'\n");
}

BOOST_AUTO_TEST_CASE(sizes_and_times_need_their_notation) {
  BOOST_TEST(door("max_body: 16MiB, deadline: 30s") == "");
  BOOST_TEST(door("max_body: 16MiX")
             == "g.yaml:5:35: field 'max_body' has an unknown unit 'MiX'; it "
                "needs a size such as '512MiB' or '2GB', not '16MiX'\n");
  BOOST_TEST(door("deadline: 30")
             == "g.yaml:5:35: field 'deadline' needs a unit, as in a time such "
                "as '250ms', '30s' or '5m', not '30'\n");
  BOOST_TEST(door("deadline: 30d")
             == "g.yaml:5:35: field 'deadline' must be 100 to 86400000, not "
                "'30d'\n");
}

BOOST_AUTO_TEST_CASE(unknown_word_names_the_known_ones) {
  BOOST_TEST(mistakes(with(right_router, "find: pii", "find: pi"))
             == "g.yaml:6:67: field 'find' does not know 'pi' (did you mean "
                "'pii'?)\n");
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_told_at_once) {
  auto text = with(right_graph, "kind: gateway", "kind: gateway, threads: 0");
  text = with(text, "model: m}", "model: n, colour: red}");
  BOOST_TEST(mistakes(text)
             == "g.yaml:5:34: field 'threads' must be 1 to 1024, not '0'\n"
                "g.yaml:6:38: unknown field 'colour' (known: kind, model, "
                "label, tool_calls)\n"
                "g.yaml:6:35: unknown model 'n' (known: m)\n");
}

BOOST_AUTO_TEST_CASE(aliases_stand_for_what_they_name) {
  auto text = with(right_graph, "{kind: model, model: m}",
                   "&big {kind: model, model: m}");
  BOOST_TEST(mistakes(text) == "");
}

BOOST_AUTO_TEST_CASE(missing_file_is_told_by_name) {
  auto result = load_graph("no/such.yaml");
  BOOST_TEST(!result);
  BOOST_TEST(to_string(result.mistakes)
             == "no/such.yaml: cannot be opened: No such file or "
                "directory\n");
  BOOST_TEST(to_string(load_graph("tests/graph").mistakes)
             == "tests/graph: this is a folder, not a file\n");
}

BOOST_AUTO_TEST_SUITE_END()
