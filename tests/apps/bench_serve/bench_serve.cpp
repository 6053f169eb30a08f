// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice bench serve as a user meets it: in front of our own server, of one
// that knows nothing but /v1/completions, and of none.
#include "graph/build/running_graph.hpp"
#include "graph/load.hpp"
#include "tests/apps/process.hpp"
#include "transport/http/server.hpp"
#include "transport/http/sse.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace graph = sluice::graph;
namespace http = sluice::transport::http;
namespace json = boost::json;

namespace {

/// A folder that vanishes with the object.
class temporary_folder {
public:
  temporary_folder()
      : path_{fs::temp_directory_path()
              / ("bench-serve-" + std::to_string(getpid()))} {
    fs::create_directories(path_);
  }
  ~temporary_folder() { fs::remove_all(path_); }
  std::string file(const std::string& name) const {
    return (path_ / name).string();
  }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream{file(name)} << text;
    return file(name);
  }

private:
  fs::path path_;
};

/// The bundled edge model, served for the whole suite.
struct edge_server {
  edge_server() {
    auto loaded = graph::parse_graph(R"(graph: chat
models:
  edge: {path: examples/models/edge-q8_0.gguf}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 2}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
)",
                                     "chat.yaml");
    BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
    running.emplace(std::move(*loaded.value));
    BOOST_REQUIRE_MESSAGE(running->wait_ready(60s), running->failure());
    instance = this;
  }
  ~edge_server() {
    const auto report = running->stop();
    BOOST_TEST(report.clean(), report.books);
  }

  std::optional<graph::running_graph> running;
  static edge_server* instance;
};
edge_server* edge_server::instance = nullptr;

sluice::test::finished bench(std::vector<std::string> args,
                             const sluice::transport::address& where) {
  std::vector<std::string> all{"bench", "serve", "--url",
                               "http://" + to_string(where)};
  all.insert(all.end(), args.begin(), args.end());
  return sluice::test::run(all);
}

/// The JSON of a run on the edge model, which must succeed.
json::object measured(std::vector<std::string> args) {
  const temporary_folder folder;
  const auto out = folder.file("out.json");
  args.insert(args.end(), {"--json", out});
  const auto done = bench(args, edge_server::instance->running->listening());
  BOOST_REQUIRE_MESSAGE(done.code == 0, done.err + done.out);
  std::ifstream in{out};
  return json::parse(std::string{std::istreambuf_iterator<char>{in}, {}})
      .as_object();
}

double number(const json::object& in, const char* key) {
  return in.at(key).to_number<double>();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(edge_server);

BOOST_AUTO_TEST_SUITE(bench_serve)

BOOST_AUTO_TEST_CASE(a_closed_loop_measures_exact_lengths) {
  const auto got = measured({"-c", "3", "-n", "7", "-p", "40", "-o", "6"});
  BOOST_TEST(number(got, "answered") == 7);
  BOOST_TEST(number(got, "failed") == 0);
  BOOST_TEST(number(got, "mean_prompt_tokens") == 40);
  BOOST_TEST(number(got, "mean_output_tokens") == 6);
  BOOST_TEST(number(got, "connections") == 3);
  BOOST_TEST(got.at("model").as_string() == "edge");
  BOOST_TEST(got.at("tokenizer").as_string() == "/tokenize");
  BOOST_TEST(got.at("requests").as_array().size() == 7u);
  BOOST_TEST(got.at("warnings").as_array().empty());
}

BOOST_AUTO_TEST_CASE(without_keep_alive_each_request_has_a_connection) {
  const auto got = measured({"-n", "4", "-p", "40", "-o", "2", "--endpoint",
                             "completions", "--no-keep-alive"});
  BOOST_TEST(number(got, "answered") == 4);
  BOOST_TEST(number(got, "mean_prompt_tokens") == 40);
  BOOST_TEST(number(got, "connections") == 4);
}

BOOST_AUTO_TEST_CASE(an_open_loop_keeps_its_rate) {
  const auto got = measured({"--rate", "100", "--burstiness", "0.5", "--ramp",
                             "20:100:100ms", "-d", "300ms", "-p",
                             "uniform:30:50", "-o", "lognormal:3:0.5:6",
                             "--slo", "ttft=10s,e2e=20s", "--warm-up", "2"});
  BOOST_TEST(number(got, "answered") > 0);
  BOOST_TEST(number(got, "failed") == 0);
  BOOST_TEST(got.contains("wanted_rate"));
  BOOST_TEST(got.at("goodput").at("share").to_number<double>() == 1);
}

BOOST_AUTO_TEST_CASE(an_azure_trace_is_replayed) {
  const temporary_folder folder;
  const auto trace =
      folder.file("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                               "2023-11-16 18:00:00.0,400,20\n"
                               "2023-11-16 18:00:04.0,800,40\n"
                               "2023-11-16 18:00:08.0,400,20\n");
  const auto got =
      measured({"--trace", trace, "--scale", "0.1", "--speed", "100"});
  BOOST_TEST(number(got, "answered") == 3);
  BOOST_TEST(number(got, "mean_prompt_tokens") == (40 + 80 + 40) / 3.0);
  BOOST_TEST(number(got, "elapsed") >= 0.08);
}

BOOST_AUTO_TEST_CASE(a_mooncake_trace_shares_its_beginnings) {
  const temporary_folder folder;
  const std::string line =
      R"({"timestamp": 0, "input_length": 1536, "output_length": 64, )"
      R"("hash_ids": [1, 2, )";
  const auto trace =
      folder.file("mooncake.jsonl", line + "3]}\n" + line + "4]}\n");
  const auto got = measured({"--trace", trace, "--scale", "1/32", "-c", "1",
                             "--endpoint", "completions"});
  BOOST_TEST(number(got, "answered") == 2);
  BOOST_TEST(number(got, "mean_prompt_tokens") == 48);
  BOOST_TEST(number(got, "shared_prompt_share") == 1.0 / 3);
}

BOOST_AUTO_TEST_CASE(text_and_picture_are_written) {
  const temporary_folder folder;
  const auto plot = folder.file("plot.svg");
  const auto done =
      bench({"-n", "2", "-p", "30", "-o", "3", "--plot", plot, "--quiet"},
            edge_server::instance->running->listening());
  BOOST_TEST(done.code == 0, done.err);
  BOOST_TEST(done.err == "");
  BOOST_TEST(contains(done.out, "2 answered, 0 failed"), done.out);
  BOOST_TEST(contains(done.out, "TPOT = (last text - first text)"), done.out);
  BOOST_TEST(fs::file_size(plot) > 1000u);
}

BOOST_AUTO_TEST_CASE(a_server_of_another_make_is_calibrated_by_its_usage) {
  // It knows completions alone, and four tokens for each space.
  http::server other{
      {}, [](http::request got, std::shared_ptr<http::exchange> out) {
        if (got.path != "/v1/completions")
          return out->respond({404, {}, "no such page"});
        const auto body = json::parse(got.body).as_object();
        const auto& prompt = body.at("prompt").as_string();
        const auto tokens =
            1 + 4 * std::count(prompt.begin(), prompt.end(), ' ');
        const json::object usage{{"prompt_tokens", tokens},
                                 {"completion_tokens", 2}};
        const json::object answer{
            {"choices",
             {{{"text", "a"}, {"index", 0}, {"finish_reason", "length"}}}},
            {"usage", usage}};
        const auto text = json::serialize(answer);
        if (!body.at("stream").as_bool())
          return out->respond({200, {}, text});
        out->begin_stream(200, {{"Content-Type", "text/event-stream"}});
        out->write(http::event_text(text) + http::event_text("[DONE]"));
        out->end();
      }};
  const auto done =
      bench({"--endpoint", "completions", "-n", "3", "-p", "81", "-o", "2"},
            other.listening());
  BOOST_TEST(done.code == 0, done.err);
  BOOST_TEST(contains(done.out, "81.0 tokens per prompt, wanted 81.0"),
             done.out);
  BOOST_TEST(!contains(done.out, "warning"), done.out);
}

BOOST_AUTO_TEST_CASE(when_nothing_is_answered_the_reason_is_shown) {
  http::server full{{}, [](http::request, std::shared_ptr<http::exchange> out) {
                      out->respond({429, {}, R"({"error":"full"})"});
                    }};
  const auto done = bench({"-n", "2"}, full.listening());
  BOOST_TEST(done.code == 1);
  BOOST_TEST(contains(done.out, "2 x HTTP 429: full"), done.out);
  BOOST_TEST(contains(done.out, "a word was taken for a token"), done.out);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_said_with_the_address) {
  std::uint16_t port = 0;
  {
    http::server gone{{}, [](auto, auto) {}};
    port = gone.listening().port;
  }
  const auto done = bench({}, {"127.0.0.1", port});
  BOOST_TEST(done.code == 1);
  BOOST_TEST(done.err
             == "sluice: cannot connect to 127.0.0.1:" + std::to_string(port)
                    + ": Connection refused\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_refused_before_any_connection) {
  const auto refused = [](std::vector<std::string> args, const char* why) {
    args.insert(args.begin(), {"bench", "serve"});
    const auto done = sluice::test::run(args);
    BOOST_TEST(done.code == 2, done.err);
    BOOST_TEST(contains(done.err + done.out, why), done.err);
  };
  refused({"--url", "ftp://host"}, "only http:// is spoken here");
  refused({"--url", "http://"}, "--url");
  refused({"--endpoint", "images"}, "--endpoint");
  refused({"--prompt-tokens", "many"}, "--prompt-tokens: 'many' is no number");
  refused({"--ramp", "1:2"}, "'1:2' is no ramp");
  refused({"--timeout", "5x"}, "--timeout: '5x' is no duration");
  refused({"--slo", "speed=1s"}, "'speed=1s' is no objective");
  refused({"--extra-body", "[1]"}, "'[1]' is no JSON object");
  refused({"--plot", "a.gif"}, "the name ends in .svg or .png");
  refused({"--rate", "0"}, "--rate");
  refused({"--concurrency", "0"}, "--concurrency");
}

BOOST_AUTO_TEST_CASE(a_wrong_trace_is_named_with_its_line) {
  const temporary_folder folder;
  const auto refused = [&](const std::string& path) {
    const auto done = sluice::test::run(
        {"bench", "serve", "--url", "127.0.0.1:1", "--trace", path});
    BOOST_TEST(done.code == 1);
    return done.err;
  };
  BOOST_TEST(refused("no/such.csv") == "sluice: no/such.csv: cannot be read\n");
  const auto path =
      folder.file("t.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                           "2023-11-16 18:00:00.0,4,x\n");
  BOOST_TEST(refused(path)
             == "sluice: " + path + ":2: '4,x' is not two numbers of tokens\n");
}

BOOST_AUTO_TEST_SUITE_END()
