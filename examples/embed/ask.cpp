// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The smallest host: opens a model or a graph, asks one question, and prints
// the answer as it comes.
//   ask MODEL-OR-GRAPH QUESTION
#include <sluice/runtime.hpp>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: ask MODEL-OR-GRAPH QUESTION\n";
    return 2;
  }
  try {
    auto graph = sluice::runtime::open(argv[1]);
    sluice::request question;
    question.messages = {{"user", argv[2]}};
    question.max_tokens = 64;
    question.sampling.temperature = 0;
    auto answer = graph.submit(question);
    while (const auto piece = answer.next())
      std::cout << piece->text << std::flush;
    std::cout << '\n';
  } catch (const sluice::error& error) {
    std::cerr << "ask: " << error.what() << '\n';
    return 1;
  }
}
