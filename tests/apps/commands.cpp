// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the commands print and return, as a user at a shell meets them.
#include "tests/apps/process.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using sluice::test::run;

namespace {

constexpr auto edge = "examples/models/edge-q8_0.gguf";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A file with the given text that vanishes with the object.
class temporary_file {
public:
  temporary_file(const std::string& name, const std::string& text)
      : path_(std::filesystem::temp_directory_path()
              / (std::to_string(getpid()) + "-" + name)) {
    std::ofstream{path_} << text;
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(help_lists_every_command_and_succeeds) {
  const auto done = run({"--help"});
  BOOST_TEST(done.code == 0);
  for (const auto* command : {"run", "chat", "ask", "check", "explain", "show",
                              "schema", "info", "bench", "logits"})
    BOOST_TEST(contains(done.out, command), command);
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_exit_code_2) {
  BOOST_TEST(run({}).code == 2);
  BOOST_TEST(run({"--no-such-option"}).code == 2);
  BOOST_TEST(run({"info"}).code == 2);
  BOOST_TEST(run({"bench"}).code == 2);
}

BOOST_AUTO_TEST_CASE(a_missing_model_is_named) {
  const auto done = run({"info", "no/such/model.gguf"});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, "no/such/model.gguf"), done.err);
}

BOOST_AUTO_TEST_CASE(gguf_version_1_is_refused_with_its_number) {
  const auto done =
      run({"info", "tests/data/models/stories260k-gguf-v1-unsupported.gguf"});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, "version 1"), done.err);
}

BOOST_AUTO_TEST_CASE(info_tells_what_the_file_holds) {
  const auto done = run({"info", edge, "--json"});
  BOOST_TEST(done.code == 0);
  const auto info = boost::json::parse(done.out).as_object();
  BOOST_TEST(info.at("family").as_string() == "llama");
  BOOST_TEST(info.at("format").as_string() == "q8_0");
  BOOST_TEST(info.at("layers").to_number<int>() == 6);
  BOOST_TEST(info.at("context").to_number<int>() == 1024);
  BOOST_TEST(info.at("vocabulary").to_number<int>() == 8192);
}

BOOST_AUTO_TEST_CASE(info_of_a_model_without_tokenizer_says_so) {
  const auto done = run({"info", "tests/data/goldens/llama", "--json"});
  BOOST_TEST(done.code == 0);
  const auto info = boost::json::parse(done.out).as_object();
  BOOST_TEST(info.at("tokenizer").is_null());
}

BOOST_AUTO_TEST_CASE(logits_need_no_tokenizer) {
  const auto done = run({"logits", "tests/data/goldens/llama", "--ids",
                         "5,17,42", "--generate", "4", "--json", "-"});
  BOOST_TEST(done.code == 0, done.err);
  const auto result = boost::json::parse(done.out).as_object();
  BOOST_TEST(result.at("logits").as_array().size() == 3u);
  BOOST_TEST(result.at("logits").as_array()[0].as_array().size() == 512u);
  BOOST_TEST(result.at("ids").as_array().size() == 4u);
  BOOST_TEST(result.at("logprobs").as_array().size() == 4u);
}

BOOST_AUTO_TEST_CASE(ids_outside_the_vocabulary_are_refused) {
  const auto done = run(
      {"logits", "tests/data/goldens/llama", "--ids", "512", "--json", "-"});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, "512 is not in the vocabulary"), done.err);
}

BOOST_AUTO_TEST_CASE(check_accepts_the_examples) {
  for (const auto* graph : {"chat", "router", "pipeline"}) {
    const auto done =
        run({"check", "examples/" + std::string{graph} + ".yaml"});
    BOOST_TEST(done.code == 0, done.err);
  }
  const auto done = run(
      {"check", "examples/router.yaml", "--placement", "examples/burst.yaml"});
  BOOST_TEST(done.code == 0, done.err);
}

BOOST_AUTO_TEST_CASE(explain_says_who_runs_where) {
  const auto done = run({"explain", "examples/chat.yaml", "--placement",
                         "examples/placements/pipeline-2.yaml"});
  BOOST_TEST(done.code == 0, done.err);
  BOOST_TEST(contains(done.out, "chat under pipeline-2\n"), done.out);
  BOOST_TEST(contains(done.out, "home.stage[1] on "), done.out);
  const auto json = run({"explain", "examples/chat.yaml", "--placement",
                         "examples/placements/single.yaml", "--cluster",
                         "examples/nodes.yaml", "--json"});
  BOOST_TEST(json.code == 0, json.err);
  BOOST_TEST(boost::json::parse(json.out).at("nodes").as_array().size() == 3u);
}

BOOST_AUTO_TEST_CASE(explain_of_the_impossible_names_the_rules) {
  const temporary_file placement{"impossible.yaml",
                                 "placement: impossible\n"
                                 "zones: {here: {}}\n"
                                 "nodes: {n: {zone: here, memory: 1MiB}}\n"
                                 "place: {actor: '*'}\n"};
  const auto done =
      run({"explain", "examples/chat.yaml", "--placement", placement.path()});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, "examples/chat.yaml:9:3: cannot be met: 'home' "
                                "needs memory for its weights"),
             done.err);
  // Others may join: a warning.
  const auto checked =
      run({"check", "examples/chat.yaml", "--placement", placement.path()});
  BOOST_TEST(checked.code == 0);
  BOOST_TEST(contains(checked.err, "others may join"), checked.err);
}

BOOST_AUTO_TEST_CASE(check_refuses_degrees_that_the_model_cannot_have) {
  const auto done = run({"check", "examples/chat.yaml", "--placement",
                         "examples/placements/expert-2.yaml"});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, "expert 2 is for models with experts"),
             done.err);
}

BOOST_AUTO_TEST_CASE(check_reports_every_mistake_with_its_place) {
  const temporary_file graph{"wrong.yaml",
                             "graph: wrong\n"
                             "actors:\n"
                             "  door: {kind: gatway, listen: \":8080\"}\n"
                             "  prep: {kind: preprocess, model: large}\n"
                             "flow:\n"
                             "  - door -> perp\n"};
  const auto done = run({"check", graph.path()});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, graph.path() + ":3:"), done.err);
  BOOST_TEST(contains(done.err, "did you mean 'gateway'?"), done.err);
  BOOST_TEST(contains(done.err, graph.path() + ":6:"), done.err);
}

BOOST_AUTO_TEST_CASE(run_refuses_a_wrong_graph_before_it_starts) {
  const temporary_file graph{"empty.yaml", "graph: empty\n"};
  const auto done = run({"run", graph.path()});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.err, graph.path()), done.err);
  BOOST_TEST(done.out == "");
}

BOOST_AUTO_TEST_CASE(show_prints_mermaid_and_text) {
  const auto mermaid =
      run({"show", "examples/chat.yaml", "--format", "mermaid"});
  BOOST_TEST(mermaid.code == 0, mermaid.err);
  BOOST_TEST(mermaid.out.starts_with("flowchart"), mermaid.out);
  const auto text = run({"show", "examples/chat.yaml"});
  BOOST_TEST(text.code == 0, text.err);
  BOOST_TEST(contains(text.out, "door"));
}

BOOST_AUTO_TEST_CASE(ask_answers_on_standard_output_alone) {
  const auto done = run(
      {"ask", "--model", edge, "--max-tokens", "8", "How do I list files?"});
  BOOST_TEST(done.code == 0, done.err);
  BOOST_TEST(!done.out.empty());
  BOOST_TEST(done.out.ends_with("\n"));
  BOOST_TEST(!contains(done.err, "["), "a pipe gets no progress bar");
}

BOOST_AUTO_TEST_CASE(ask_reads_the_question_from_a_pipe) {
  const auto piped = run(
      {"ask", "--model", edge, "--max-tokens", "8", "--temperature", "0", "-"},
      "How do I list files?\n");
  const auto named = run({"ask", "--model", edge, "--max-tokens", "8",
                          "--temperature", "0", "How do I list files?"});
  BOOST_TEST(piped.code == 0, piped.err);
  BOOST_TEST(piped.out == named.out);
}

BOOST_AUTO_TEST_CASE(chat_keeps_the_conversation_and_leaves_at_end_of_input) {
  const auto done = run({"chat", edge, "--max-tokens", "8"},
                        "How do I list files?\n/help\n/reset\nHello\n");
  BOOST_TEST(done.code == 0, done.err);
  BOOST_TEST(contains(done.out, "/reset"), done.out);
}

BOOST_AUTO_TEST_CASE(bench_reports_speed_beside_the_ceilings) {
  const auto done = run({"bench", "model", edge, "--prompt", "16", "--generate",
                         "4", "--batch", "1,2", "--repeat", "1", "--json"});
  BOOST_TEST(done.code == 0, done.err);
  const auto result = boost::json::parse(done.out).as_object();
  for (const auto* key : {"int8_tops", "bf16_tflops", "read_gbs"})
    BOOST_TEST(result.at("ceilings").at(key).to_number<double>() > 0, key);
  const auto& prefill = result.at("prefill").as_array();
  BOOST_REQUIRE(prefill.size() == 1u);
  BOOST_TEST(prefill[0].at("tokens") == 16);
  const auto& decode = result.at("decode").as_array();
  BOOST_REQUIRE(decode.size() == 2u);
  BOOST_TEST(decode[1].at("batch") == 2);
  BOOST_TEST(decode[1].at("context") == 0);
  for (const auto* key : {"tok_s", "share"}) {
    BOOST_TEST(prefill[0].at(key).to_number<double>() > 0, key);
    BOOST_TEST(decode[0].at(key).to_number<double>() > 0, key);
  }
}

BOOST_AUTO_TEST_CASE(bench_draws_the_roofline_of_its_run) {
  const temporary_file picture{"roofline.svg", ""};
  const auto done = run({"bench", "model", edge, "--prompt", "16", "--generate",
                         "2", "--batch", "1", "--context", "32", "--repeat",
                         "1", "--plot", picture.path()});
  BOOST_TEST(done.code == 0, done.err);
  BOOST_TEST(contains(done.out, "decode x1 at 32"), done.out);
  BOOST_TEST(contains(done.out, "% of int8"), done.out);
  std::ifstream in{picture.path()};
  const std::string svg{std::istreambuf_iterator<char>{in}, {}};
  BOOST_TEST(contains(svg, "prefill 16: "));
  BOOST_TEST(contains(svg, "decode x1 at 32: "));
}

BOOST_AUTO_TEST_CASE(bench_refuses_what_it_cannot_measure) {
  BOOST_TEST(run({"bench", "model", edge, "--plot", "a.gif"}).code == 2);
  BOOST_TEST(run({"bench", "model", edge, "--batch", "0"}).code == 2);
  const auto deep = run({"bench", "model", edge, "--context", "1000000"});
  BOOST_TEST(deep.code == 1);
  BOOST_TEST(contains(deep.err, "--context 1000000"), deep.err);
}

BOOST_AUTO_TEST_SUITE_END()
