// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/postprocess.hpp"

#include "tests/actors/stepped_system.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;

namespace {

model_assets_ptr edge() {
  static const auto opened =
      model_assets::open("edge", "examples/models/edge-q8_0.gguf");
  return opened;
}

generated token(request_id id, std::int32_t value,
                finish_reason finish = finish_reason::none) {
  generated one;
  one.id = id;
  one.has_token = true;
  one.token.id = value;
  one.token.logprob = -0.5f;
  one.token.top = {{value, -0.5f}};
  one.finish = finish;
  return one;
}

generated end(request_id id, finish_reason finish, errc code = errc::none,
              std::string error = {}) {
  generated one;
  one.id = id;
  one.finish = finish;
  one.code = code;
  one.error = std::move(error);
  return one;
}

std::vector<std::int32_t> ids_of(std::string_view text) {
  return edge()->tokens.encode(text, {.add_special = false});
}

// Pushes the text's tokens, then a length end; returns all deltas.
std::vector<text_delta> stream(std::string_view text, output_spec output) {
  answer_stream s{edge()->tokens, {1, 3, std::move(output)}};
  std::vector<text_delta> out;
  for (const auto id : ids_of(text)) {
    if (auto delta = s.push(token(1, id)))
      out.push_back(std::move(*delta));
    if (s.stopped_early())
      return out;
  }
  if (auto delta = s.push(end(1, finish_reason::length)))
    out.push_back(std::move(*delta));
  return out;
}

std::string joined(const std::vector<text_delta>& deltas) {
  std::string text;
  for (const auto& delta : deltas)
    text += delta.text;
  return text;
}

bool whole_characters(std::string_view text) {
  std::size_t need = 0;
  for (const unsigned char c : text) {
    if (need > 0) {
      if ((c & 0xc0) != 0x80)
        return false;
      --need;
    } else if (c >= 0xf0) {
      need = 3;
    } else if (c >= 0xe0) {
      need = 2;
    } else if (c >= 0xc0) {
      need = 1;
    }
  }
  return need == 0;
}

text_sink::behavior_type dummy_gateway(text_sink::pointer,
                                       std::vector<text_delta>* log) {
  return {[log](const text_delta& delta) { log->push_back(delta); }};
}

// Stands where the model's scheduler stands.
struct model_log {
  std::vector<request_id> cancels;
  std::uint32_t credits = 0;
};

caf::behavior dummy_model(caf::event_based_actor* self, token_sink next,
                          model_log* log) {
  return {
      [=](const generation& msg) { self->send(next, msg); },
      [=](const step_output& msg) { self->send(next, msg); },
      [=](const cancel& msg) { log->cancels.push_back(msg.id); },
      [](const hold&) {},
      [](const forget_session&) {},
      [=](const credit& msg) { log->credits += msg.count; },
  };
}

struct fixture : stepped_system {
  fixture() {
    const auto gateway = keep(system.spawn(dummy_gateway, &deltas));
    const auto done = keep(spawn_postprocess(system, edge(), gateway));
    model = keep(system.spawn(dummy_model, done, &log));
  }

  std::vector<text_delta> deltas;
  model_log log;
  caf::actor model;
};

} // namespace

BOOST_AUTO_TEST_SUITE(postprocess_)

BOOST_AUTO_TEST_CASE(deltas_join_to_the_text) {
  const std::string text = "The naïve café costs 5 €. 日本 🙂 end";
  const auto deltas = stream(text, {});
  BOOST_TEST(joined(deltas) == text);
  for (const auto& delta : deltas)
    BOOST_TEST(whole_characters(delta.text));
  BOOST_TEST((deltas.back().finish == finish_reason::length));
  BOOST_TEST(deltas.back().prompt_tokens == 3u);
  BOOST_TEST(deltas.back().completion_tokens == ids_of(text).size());
}

BOOST_AUTO_TEST_CASE(a_stop_string_across_tokens_is_never_shown) {
  output_spec output;
  output.stop = {"costs 5 €"};
  const auto deltas = stream("The naïve café costs 5 €. 日本", output);
  BOOST_TEST(joined(deltas) == "The naïve café ");
  BOOST_TEST((deltas.back().finish == finish_reason::stop));
  BOOST_TEST(deltas.back().stop == "costs 5 €");
}

BOOST_AUTO_TEST_CASE(every_token_is_told_once_held_back_or_not) {
  const std::string text = "costs 5 eggs, 日本 and then some";
  output_spec output;
  output.stop = {"5 €"};
  std::vector<std::int32_t> told;
  for (const auto& delta : stream(text, output))
    told.insert(told.end(), delta.tokens.begin(), delta.tokens.end());
  BOOST_TEST(told == ids_of(text), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stop_string_of_one_character_cuts_inside_a_word) {
  output_spec output;
  output.stop = {"é"};
  BOOST_TEST(joined(stream("The naïve café costs", output)) == "The naïve caf");
}

BOOST_AUTO_TEST_CASE(an_unfinished_stop_string_is_shown_at_the_end) {
  output_spec output;
  output.stop = {"costs 5 dollars"};
  BOOST_TEST(joined(stream("it costs 5 d", output)) == "it costs 5 d");
}

BOOST_AUTO_TEST_CASE(logprobs_come_with_their_text_and_not_of_the_stop) {
  output_spec output;
  output.logprobs = true;
  output.stop = {" blue"};
  std::string text;
  for (const auto& delta : stream("red green blue white", output))
    for (const auto& one : delta.logprobs) {
      text += one.text;
      BOOST_TEST(one.logprob == -0.5f);
      BOOST_REQUIRE(one.top.size() == 1u);
      BOOST_TEST(one.top[0].first == one.text);
      BOOST_REQUIRE(one.top_ids.size() == 1u);
      BOOST_TEST(one.top_ids[0] == one.id);
    }
  BOOST_TEST(text == "red green");
}

BOOST_AUTO_TEST_CASE(the_end_token_is_counted_but_not_shown) {
  answer_stream s{edge()->tokens, {1, 3, {}}};
  const auto eos = edge()->tokens.eos().value();
  const auto last = s.push(token(1, eos, finish_reason::stop));
  BOOST_REQUIRE(last.has_value());
  BOOST_TEST(last->text == "");
  BOOST_TEST(last->completion_tokens == 1u);
  BOOST_TEST((last->finish == finish_reason::stop));
  BOOST_TEST(!s.stopped_early());
}

BOOST_AUTO_TEST_CASE(special_tokens_are_shown_when_asked) {
  output_spec output;
  output.specials = true;
  answer_stream s{edge()->tokens, {1, 3, output}};
  const auto eos = edge()->tokens.eos().value();
  BOOST_TEST(s.push(token(1, eos, finish_reason::stop))->text == "<|end|>");
}

BOOST_FIXTURE_TEST_CASE(a_stop_string_cancels_the_models_work, fixture) {
  output_spec output;
  output.stop = {"green"};
  tell(model, generation{4, 2, output});
  for (const auto id : ids_of("red green blue"))
    tell(model, step_output{{token(4, id)}});
  BOOST_TEST(joined(deltas) == "red ");
  BOOST_TEST((deltas.back().finish == finish_reason::stop));
  BOOST_TEST(log.cancels == std::vector<request_id>{4},
             boost::test_tools::per_element());
  const auto before = deltas.size();
  tell(model, step_output{{end(4, finish_reason::cancelled)}});
  BOOST_TEST(deltas.size() == before);
}

BOOST_FIXTURE_TEST_CASE(errors_keep_their_code_and_text, fixture) {
  tell(model, generation{4, 2, {}});
  tell(model, step_output{{end(4, finish_reason::error, errc::deadline_exceeded,
                               "too late")}});
  BOOST_REQUIRE(deltas.size() == 1u);
  BOOST_TEST((deltas[0].code == errc::deadline_exceeded));
  BOOST_TEST(deltas[0].error == "too late");
}

BOOST_FIXTURE_TEST_CASE(every_step_is_paid_back_in_credit, fixture) {
  for (std::uint32_t i = 0; i < 3 * step_window; ++i)
    tell(model, step_output{});
  BOOST_TEST(log.credits == 3 * step_window);
}

BOOST_AUTO_TEST_CASE(no_stop_string_counts_before_min_tokens) {
  output_spec output;
  output.stop = {"one"};
  const auto once = ids_of("one one one");
  output.min_tokens = static_cast<std::uint32_t>(once.size()) - 1;
  const auto text = joined(stream("one one one", output));
  BOOST_TEST(text.starts_with("one one"));
  BOOST_TEST(!text.ends_with("one one one"));
}

BOOST_AUTO_TEST_CASE(calls_of_offered_tools_are_no_text) {
  output_spec output;
  output.tools = {"time"};
  output.calls = tool_convention::hermes;
  const auto deltas =
      stream("ok <tool_call>\n{\"name\": \"time\", \"arguments\": "
             "{\"zone\": 1}}\n</tool_call>",
             output);
  BOOST_TEST(joined(deltas) == "ok");
  std::string arguments;
  for (const auto& delta : deltas)
    for (const auto& call : delta.calls)
      arguments += call.arguments;
  BOOST_TEST(arguments == "{\"zone\": 1}");
  // Ended by its length: the call may be only the first of several.
  BOOST_TEST((deltas.back().finish == finish_reason::length));
}

BOOST_AUTO_TEST_CASE(an_answer_that_stops_after_a_call_says_so) {
  output_spec output;
  output.tools = {"time"};
  output.calls = tool_convention::hermes;
  answer_stream s{edge()->tokens, {1, 3, output}};
  for (const auto id : ids_of("<tool_call>{\"name\":\"time\"}</tool_call>"))
    s.push(token(1, id));
  const auto last = s.push(end(1, finish_reason::stop));
  BOOST_REQUIRE(last);
  BOOST_TEST((last->finish == finish_reason::tool_calls));
}

BOOST_AUTO_TEST_CASE(without_tools_a_call_is_text) {
  const std::string call = "<tool_call>{\"name\":\"time\"}</tool_call>";
  BOOST_TEST(joined(stream(call, {})) == call);
}

BOOST_AUTO_TEST_CASE(scores_of_a_prompt_come_in_one_piece) {
  answer_stream s{edge()->tokens, {1, 3, {}}};
  const auto ids = ids_of("disk usage");
  const auto part = [&](std::vector<device::scored_token> scores) {
    generated one;
    one.id = 1;
    one.prompt.scores = std::move(scores);
    return s.push(std::move(one));
  };
  BOOST_TEST(!part({{ids[0], 0, 0, {}}, {ids[1], -1, 2, {}}}).has_value());
  const auto whole = part({{ids[0], -2, 3, {{ids[1], -1.5f}}}});
  BOOST_REQUIRE(whole.has_value());
  BOOST_REQUIRE(whole->prompt.size() == 3u);
  BOOST_TEST(whole->prompt[0].rank == 0u);
  BOOST_TEST(whole->prompt[1].text == edge()->tokens.piece(ids[1], true));
  BOOST_TEST(whole->prompt[2].logprob == -2.0f);
  BOOST_TEST(whole->prompt[2].top.front().first == ids[1]);
  BOOST_TEST(whole->completion_tokens == 0u);
  // Nothing of it is told again.
  BOOST_TEST(s.push(token(1, ids[0]))->prompt.empty());
}

BOOST_AUTO_TEST_CASE(an_embedding_is_passed_on) {
  answer_stream s{edge()->tokens, {1, 3, {}}};
  generated one;
  one.id = 1;
  one.prompt.embedding = {0.6f, 0.8f};
  const auto told = s.push(std::move(one));
  BOOST_REQUIRE(told.has_value());
  BOOST_TEST(told->embedding == (std::vector<float>{0.6f, 0.8f}),
             boost::test_tools::per_element());
  const auto last = s.push(end(1, finish_reason::length));
  BOOST_TEST(last->embedding.empty());
  BOOST_TEST(last->prompt_tokens == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
