// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The page of GET /metrics, read as a Prometheus scraper reads it (text format
// 0.0.4), with the rules that promtool's linter has.
#include "actors/runtime/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

using namespace sluice::actors;

namespace {

using labels = std::map<std::string, std::string>;

struct sample {
  std::string name;
  labels with;
  double value = 0;
};

struct family {
  std::string type;
  std::string help;
  std::vector<sample> samples;
};

// "name{a=\"b\",c=\"d\"} 1" or "name 1"
sample read_sample(const std::string& line) {
  static const std::regex shape{
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+))"};
  static const std::regex label{
      R"re(([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$))re"};
  std::smatch found;
  BOOST_REQUIRE_MESSAGE(std::regex_match(line, found, shape), line);
  sample out{found[1], {}, std::stod(found[3])};
  auto rest = found[2].str();
  while (!rest.empty()) {
    std::smatch one;
    BOOST_REQUIRE_MESSAGE(
        std::regex_search(rest, one, label,
                          std::regex_constants::match_continuous),
        line);
    BOOST_TEST(out.with.emplace(one[1], one[2]).second, line);
    rest = one.suffix();
  }
  return out;
}

bool belongs(const std::string& sample_name, const std::string& name,
             const std::string& type) {
  if (type != "histogram")
    return sample_name == name;
  return sample_name == name + "_bucket" || sample_name == name + "_sum"
         || sample_name == name + "_count";
}

// Families in the order of the page; a family's lines stand together.
std::map<std::string, family> scrape(const std::string& page) {
  std::map<std::string, family> out;
  BOOST_REQUIRE(page.ends_with("\n"));
  std::istringstream lines{page};
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string hash;
    std::string what;
    if (line.starts_with("# HELP ")) {
      words >> hash >> what >> name;
      BOOST_TEST(!out.contains(name), name << " is there twice");
      std::getline(words, out[name].help);
    } else if (line.starts_with("# TYPE ")) {
      std::string typed;
      words >> hash >> what >> typed >> out[name].type;
      BOOST_TEST(typed == name, "HELP comes before TYPE: " << line);
    } else {
      const auto one = read_sample(line);
      BOOST_TEST(belongs(one.name, name, out[name].type), line);
      out[name].samples.push_back(one);
    }
  }
  return out;
}

// Buckets rise, in bounds and in counts, to +Inf, which is the count.
void check_histogram(const std::string& name, const family& from) {
  std::map<labels, std::pair<double, double>> last; // bound, count
  std::map<labels, double> counts;
  std::set<labels> sums;
  for (auto one : from.samples) {
    if (one.name == name + "_count") {
      counts[one.with] = one.value;
    } else if (one.name == name + "_sum") {
      sums.insert(one.with);
    } else {
      BOOST_REQUIRE_MESSAGE(one.with.contains("le"), name);
      const auto bound = std::stod(one.with.at("le"));
      one.with.erase("le");
      const auto at = last.find(one.with);
      if (at != last.end()) {
        BOOST_TEST(at->second.first < bound, name);
        BOOST_TEST(at->second.second <= one.value, name);
      }
      last[one.with] = {bound, one.value};
    }
  }
  BOOST_TEST(last.size() == counts.size(), name);
  for (const auto& [with, end] : last) {
    BOOST_TEST(std::isinf(end.first), name);
    BOOST_TEST(end.second == counts[with], name);
    BOOST_TEST(sums.contains(with), name);
  }
}

std::string busy_page() {
  static metrics all;
  for (const auto* name : {"edge", "a\"b\\c\nd"}) {
    auto& m = all.model(name);
    m.requests_running.set(3);
    m.time_to_first_token.observe(0.02);
    m.time_to_first_token.observe(1e6);
    m.inter_token_latency.observe(0.0007);
    m.request_success[0].add(2);
    m.prompt_tokens.add(12);
  }
  all.door.count_response(200);
  all.door.count_response(503);
  return all.prometheus();
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_scraper)

BOOST_AUTO_TEST_CASE(reads_every_line_of_the_page) {
  for (const auto& [name, one] : scrape(busy_page())) {
    BOOST_TEST(!one.help.empty(), name);
    const std::set<std::string> types{"counter", "gauge", "histogram"};
    BOOST_TEST(types.contains(one.type), name);
    std::set<std::pair<std::string, labels>> seen;
    for (const auto& s : one.samples) {
      BOOST_TEST(seen.emplace(s.name, s.with).second, name);
      BOOST_TEST(!std::isnan(s.value), name);
    }
    if (one.type == "histogram")
      check_histogram(name, one);
    for (const auto& s : one.samples)
      BOOST_TEST((one.type != "counter" || s.value >= 0), name);
  }
}

BOOST_AUTO_TEST_CASE(finds_counters_named_total_and_nothing_else) {
  for (const auto& [name, one] : scrape(busy_page())) {
    // vLLM's own name for a histogram.
    if (name != "vllm:iteration_tokens_total")
      BOOST_TEST(name.ends_with("_total") == (one.type == "counter"), name);
    BOOST_TEST(!name.ends_with("_bucket"), name);
  }
}

BOOST_AUTO_TEST_CASE(gets_the_values_that_were_counted) {
  const auto all = scrape(busy_page());
  const auto& running = all.at("vllm:num_requests_running").samples;
  BOOST_REQUIRE(running.size() == 2u);
  BOOST_TEST(running[0].with.at("model_name") == "a\\\"b\\\\c\\nd");
  BOOST_TEST(running[1].with.at("model_name") == "edge");
  BOOST_TEST(running[1].value == 3.0);
}

BOOST_AUTO_TEST_CASE(finds_vllms_names) {
  const auto all = scrape(busy_page());
  const std::map<std::string, std::string> wanted{
      {"vllm:num_requests_running", "gauge"},
      {"vllm:num_requests_waiting", "gauge"},
      {"vllm:kv_cache_usage_perc", "gauge"},
      {"vllm:prompt_tokens_total", "counter"},
      {"vllm:generation_tokens_total", "counter"},
      {"vllm:num_preemptions_total", "counter"},
      {"vllm:request_success_total", "counter"},
      {"vllm:iteration_tokens_total", "histogram"},
      {"sluice_step_time_seconds", "histogram"},
      {"vllm:request_prompt_tokens", "histogram"},
      {"vllm:request_generation_tokens", "histogram"},
      {"vllm:request_params_n", "histogram"},
      {"vllm:request_params_max_tokens", "histogram"},
      {"vllm:time_to_first_token_seconds", "histogram"},
      {"vllm:inter_token_latency_seconds", "histogram"},
      {"vllm:time_per_output_token_seconds", "histogram"},
      {"vllm:request_time_per_output_token_seconds", "histogram"},
      {"vllm:e2e_request_latency_seconds", "histogram"},
      {"vllm:request_queue_time_seconds", "histogram"},
      {"vllm:request_prefill_time_seconds", "histogram"},
      {"vllm:request_decode_time_seconds", "histogram"},
      {"vllm:request_inference_time_seconds", "histogram"}};
  for (const auto& [name, type] : wanted) {
    BOOST_REQUIRE_MESSAGE(all.contains(name), name);
    BOOST_TEST(all.at(name).type == type, name);
  }
}

// A dashboard's bucket must be there, or its lines stay empty.
BOOST_AUTO_TEST_CASE(finds_vllms_buckets) {
  const auto all = scrape(busy_page());
  const auto has = [&](const std::string& name, const std::string& bound) {
    for (const auto& s : all.at(name).samples)
      if (s.with.contains("le") && s.with.at("le") == bound)
        return true;
    return false;
  };
  for (const auto* bound : {"0.001", "0.25", "7.5", "160", "640", "2560"})
    BOOST_TEST(has("vllm:time_to_first_token_seconds", bound), bound);
  for (const auto* bound : {"0.01", "0.025", "0.5", "10", "20", "40", "80"})
    BOOST_TEST(has("vllm:inter_token_latency_seconds", bound), bound);
  for (const auto* bound : {"0.3", "0.8", "60", "960", "1920", "7680"})
    BOOST_TEST(has("vllm:e2e_request_latency_seconds", bound), bound);
  for (const auto* bound : {"1", "2", "5", "100", "20000"})
    BOOST_TEST(has("vllm:request_prompt_tokens", bound), bound);
  for (const auto* bound : {"1", "8", "16", "512", "16384"})
    BOOST_TEST(has("vllm:iteration_tokens_total", bound), bound);
}

BOOST_AUTO_TEST_SUITE_END()
