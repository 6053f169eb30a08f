// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A chat template from a file takes the place of the model's own.
#include "actors/runtime/model_assets.hpp"

#include "actors/runtime/tool_convention.hpp"
#include "device/error.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;
using device::testing::temporary_folder;

namespace {

constexpr auto edge = "examples/models/edge-q8_0.gguf";

/// What is wrong with a template of this text, or "".
std::string complaint(const std::string& text) {
  const temporary_folder folder;
  const auto path = folder.write("own.jinja", text);
  try {
    model_assets::open("edge", edge, path);
  } catch (const device::model_error& e) {
    return e.what();
  }
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(assets)

BOOST_AUTO_TEST_CASE(a_given_template_takes_the_place_of_the_models_own) {
  const auto own = model_assets::open("edge", edge);
  const auto given = model_assets::open(
      "edge", edge, "tests/data/templates/Qwen-Qwen2.5-7B-Instruct.jinja");
  BOOST_TEST(
      (find_convention(given->template_text) == tool_convention::hermes));
  BOOST_TEST(own->template_text == own->tokens.chat_template());
  // Answers differ, so a client must be able to tell.
  BOOST_TEST(own->fingerprint != given->fingerprint);
  device::chat_input input;
  input.messages = {{{"role", "user"}, {"content", "Hello"}}};
  BOOST_TEST(given->chat->render(input).find("<|im_start|>user\nHello")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_given_template_that_cannot_be_used_is_named) {
  BOOST_TEST(complaint("{% if %}")
                 .find("the chat template of model 'edge' "
                       "cannot be used: ")
             == 0u);
  BOOST_TEST(complaint("").ends_with("own.jinja' cannot be read, or is empty"));
  BOOST_TEST(complaint("{{ messages[0].content }}") == "");
  for (const auto* path : {"no/such.jinja", "tests"})
    BOOST_CHECK_THROW(model_assets::open("edge", edge, path),
                      device::model_error);
}

BOOST_AUTO_TEST_SUITE_END()
