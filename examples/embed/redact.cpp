// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A host with an actor kind of its own: 'redact' stands on the way back and
// blackens words in what the model says. It also watches an edge.
//   redact MODEL QUESTION WORD
#include <sluice/runtime.hpp>

#include <atomic>
#include <iostream>
#include <map>

namespace {

/// Text comes in pieces, so each answer is held back to its end.
class redactor : public sluice::host_actor {
public:
  explicit redactor(const sluice::actor_context& context)
      : words_{std::get<std::vector<std::string>>(
          context.settings.at("words"))},
        out_{context.out} {}

  void receive(std::string_view, sluice::message piece) override {
    auto& text = held_[piece.id] += piece.text;
    piece.text.clear();
    if (piece.finish != sluice::finish_reason::none) {
      piece.text = blackened(std::move(text));
      held_.erase(piece.id);
    }
    out_.emit("text", std::move(piece));
  }

  void cancelled(std::uint64_t id) override { held_.erase(id); }

private:
  std::string blackened(std::string text) const {
    for (const auto& word : words_)
      for (auto at = text.find(word); at != std::string::npos;
           at = text.find(word, at + word.size()))
        text.replace(at, word.size(), word.size(), '#');
    return text;
  }

  std::vector<std::string> words_;
  sluice::outputs out_;
  std::map<std::uint64_t, std::string> held_;
};

sluice::actor_kind redact_kind() {
  sluice::actor_kind kind;
  kind.name = "redact";
  kind.inputs = {{"text", sluice::message_type::text}};
  kind.outputs = {{"text", sluice::message_type::text}};
  sluice::setting words;
  words.name = "words";
  words.type = sluice::setting_type::texts;
  words.required = true;
  kind.settings = {words};
  kind.make = [](const sluice::actor_context& context) {
    return std::make_unique<redactor>(context);
  };
  return kind;
}

std::string graph_of(const std::string& model, const std::string& word) {
  return "graph: redacted\n"
         "models:\n"
         "  own: {path: \""
         + model
         + "\"}\n"
           "actors:\n"
           "  prep: {kind: preprocess, model: own}\n"
           "  home: {kind: model, model: own}\n"
           "  done: {kind: postprocess, model: own}\n"
           "  black: {kind: redact, words: [\""
         + word
         + "\"]}\n"
           "flow:\n"
           "  - prep -> home -> done -> black\n";
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: redact MODEL QUESTION WORD\n";
    return 2;
  }
  try {
    sluice::runtime_options options;
    options.kinds = {redact_kind()};
    auto graph =
        sluice::runtime::open_text(graph_of(argv[1], argv[3]), options);
    std::atomic<int> tokens = 0;
    const auto tap = graph.tap("home -> done", [&](const sluice::message& one) {
      tokens += static_cast<int>(one.tokens.size());
    });
    sluice::request question;
    question.messages = {{"user", argv[2]}};
    question.max_tokens = 64;
    question.sampling.temperature = 0;
    const auto answer = graph.submit(question).collect();
    std::cout << answer.text << '\n';
    std::cerr << tokens << " tokens passed the model's edge\n";
  } catch (const sluice::error& error) {
    std::cerr << "redact: " << error.what() << '\n';
    return 1;
  }
}
