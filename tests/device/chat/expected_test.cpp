// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Every template of tests/data and every snippet, against what Python's jinja2
// makes of it (tests/data/chat/expected.json, written by render_expected.py).

#include "device/chat/chat_template.hpp"
#include "device/error.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

namespace json = boost::json;
using sluice::device::chat_input;
using sluice::device::chat_template;

namespace {

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, path << " cannot be read");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

json::value read(const std::string& path) {
  return json::parse(file(path));
}

/// 2026-02-03 04:05:06 UTC, as in render_expected.py.
constexpr std::chrono::seconds fixed_now{1770091506};

chat_input input_of(const json::object& conversation) {
  chat_input input;
  input.messages = conversation.at("messages").as_array();
  if (const auto* tools = conversation.if_contains("tools"))
    input.tools = *tools;
  if (const auto* extra = conversation.if_contains("extra"))
    input.extra = extra->as_object();
  if (const auto* wanted = conversation.if_contains("add_generation_prompt"))
    input.add_generation_prompt = wanted->as_bool();
  input.bos_token = "<s>";
  input.eos_token = "</s>";
  input.now = std::chrono::system_clock::time_point(fixed_now);
  return input;
}

void check(const std::string& what, const std::string& source,
           const chat_input& input, const json::object& expected) {
  const auto* text = expected.if_contains("text");
  const std::string wanted((text ? *text : expected.at("error")).as_string());
  try {
    const std::string got = chat_template(source).render(input);
    BOOST_CHECK_MESSAGE(text && got == wanted, what
                                                   << "\nrendered: " << got
                                                   << "\nexpected: " << wanted);
  } catch (const sluice::device::model_error& e) {
    BOOST_CHECK_MESSAGE(!text, what << "\nfailed: " << e.what()
                                    << "\nexpected: " << wanted);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_makers_template_renders_as_jinja2_renders_it) {
  const auto expected = read("tests/data/chat/expected.json");
  const auto conversations = read("tests/data/chat/conversations.json");
  for (const auto& [name, by_conversation] :
       expected.at("templates").as_object()) {
    const std::string source =
        name == "bundled" ? std::string(read("tests/data/models/edge-tokenizer/"
                                             "tokenizer_config.json")
                                            .at("chat_template")
                                            .as_string())
                          : file("tests/data/templates/" + std::string(name));
    for (const auto& c : conversations.as_array())
      check(std::string(name) + ", " + c.at("name").as_string().c_str(), source,
            input_of(c.as_object()),
            by_conversation.at(c.at("name").as_string()).as_object());
  }
}

BOOST_AUTO_TEST_CASE(every_snippet_means_what_it_means_in_python) {
  const auto expected = read("tests/data/chat/expected.json");
  const auto snippets = read("tests/data/chat/snippets.json");
  const auto& templates = snippets.at("templates").as_array();
  const auto& results = expected.at("snippets").as_array();
  BOOST_REQUIRE_EQUAL(templates.size(), results.size());
  chat_input input;
  input.extra = snippets.at("context").as_object();
  input.now = std::chrono::system_clock::time_point(fixed_now);
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const std::string source(templates[i].as_string());
    check(source, source, input, results[i].as_object());
  }
}
