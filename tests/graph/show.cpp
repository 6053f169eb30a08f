// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Drawings of a small graph with a router.
#include "graph/show/drawing.hpp"
#include "graph/show/svg.hpp"
#include "tests/graph/mistakes.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

validated_graph drawn() {
  return *parse_graph(right_router, "g.yaml", {.check_files = false}).value;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(show)

BOOST_AUTO_TEST_CASE(text_has_a_line_per_edge) {
  BOOST_TEST(
      to_text(drawn())
      == "chat\n"
         "  door  gateway 127.0.0.1:8080  --request------> prep\n"
         "  prep  preprocess m            --prompt-------> pick\n"
         "  pick  router                  --home: prompt-> home\n"
         "                                --away: prompt-> away\n"
         "  home  model m                 --tokens-------> done\n"
         "  away  model m                 --tokens-------> done\n"
         "  done  postprocess m           --text---------> door  (back: closes "
         "the request)\n");
}

BOOST_AUTO_TEST_CASE(mermaid_numbers_nodes_and_dots_back_edges) {
  auto text = to_mermaid(drawn());
  BOOST_TEST(text.find("flowchart LR\n") == 0);
  BOOST_TEST(has(text, "a2[\"pick<br/>router\"]"));
  BOOST_TEST(has(text, "a2 -- \"away: prompt\" --> a4"));
  BOOST_TEST(has(text, "a5 -. \"text\" .-> a0"));
}

BOOST_AUTO_TEST_CASE(dot_dashes_back_edges) {
  auto text = to_dot(drawn());
  BOOST_TEST(has(text, "digraph \"chat\" {"));
  BOOST_TEST(has(text, "a5 -> a0 [label=\"text\", style=dashed, "
                       "constraint=false];"));
}

BOOST_AUTO_TEST_CASE(svg_comes_from_graphviz_when_it_is_there) {
  if (auto svg = to_svg(to_dot(drawn())))
    BOOST_TEST(has(*svg, "<svg"));
  else
    BOOST_TEST_MESSAGE("no dot here");
}

BOOST_AUTO_TEST_CASE(missing_failing_and_silent_programs_give_no_svg) {
  BOOST_TEST(!to_svg("digraph {}", "no-such-program-here").has_value());
  BOOST_TEST(!to_svg("digraph {}", "false").has_value());
  // yes(1) ignores its input and never ends by itself.
  BOOST_TEST(
      !to_svg("digraph {}", "yes", std::chrono::milliseconds{50}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
