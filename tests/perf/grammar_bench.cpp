// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How long structured output takes a step: compiling each schema of the test
// corpus, then masks and accepts along random documents, with every grammar
// fresh (cold) and used before (warm). Prints medians and 99th percentiles.
// usage: grammar_bench [tokenizer folder]
#include "device/grammar/compile.hpp"
#include "device/grammar/grammar_state.hpp"
#include "device/text/tokenizer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace sluice::device;

namespace {

class stopwatch {
public:
  void time(const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::micro> took =
        std::chrono::steady_clock::now() - start;
    took_.push_back(took.count());
  }
  void print(const char* what) {
    std::ranges::sort(took_);
    std::printf("%-14s %8zu times, median %9.2f us, p99 %9.2f us, "
                "worst %9.2f us\n",
                what, took_.size(), took_[took_.size() / 2],
                took_[took_.size() * 99 / 100], took_.back());
  }

private:
  std::vector<double> took_; // microseconds
};

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

struct clocks {
  stopwatch compile;
  stopwatch cold;
  stopwatch warm;
  stopwatch accept;
};

std::int32_t any_of(const std::vector<std::uint64_t>& bits,
                    std::mt19937& random) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < bits.size() * 64; ++i)
    if ((bits[i / 64] >> (i % 64) & 1) != 0)
      ids.push_back(static_cast<std::int32_t>(i));
  return ids.empty() ? -1 : ids[random() % ids.size()];
}

void follow(const std::shared_ptr<const compiled_grammar>& grammar,
            unsigned seed, stopwatch& mask, stopwatch& accept) {
  grammar_state state{grammar};
  std::mt19937 random{seed};
  std::vector<std::uint64_t> bits((grammar->trie().vocabulary() + 63) / 64);
  for (int step = 0; step < 200 && !state.finished(); ++step) {
    mask.time([&] { state.mask(bits); });
    const auto id = any_of(bits, random);
    if (id < 0)
      return;
    accept.time([&] { state.accept(id); });
  }
}

} // namespace

int main(int argc, char** argv) {
  const auto folder = argc > 1 ? argv[1] : "tests/data/models/edge-tokenizer";
  const auto trie =
      std::make_shared<const token_trie>(tokenizer::from_folder(folder));
  std::printf("%zu tokens, %zu nodes\n", trie->vocabulary(),
              trie->nodes().size());
  clocks all;
  for (const auto& file :
       std::filesystem::directory_iterator{"tests/data/schemas"}) {
    std::shared_ptr<const compiled_grammar> grammar;
    const grammar_source source{
        grammar_kind::json_schema, read_file(file.path()), {}};
    all.compile.time([&] { grammar = compile_grammar(source, trie); });
    follow(grammar, 1, all.cold, all.accept);
    for (unsigned seed = 1; seed < 5; ++seed)
      follow(grammar, seed, all.warm, all.accept);
  }
  all.compile.print("compile");
  all.cold.print("mask, cold");
  all.warm.print("mask, warm");
  all.accept.print("accept");
  return 0;
}
