// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Documents for schemas, to be judged by another validator
// (tests/clients/grammar.test.mjs). `generate` writes random documents that the
// grammar allows, one JSON object a line; `sample` lets the bundled model write
// them; `check` reads such lines and answers 1 where the grammar allows the
// document, else 0.
#include "device/cpu/cpu_backend.hpp"
#include "device/files/model_files.hpp"
#include "device/model/sampling.hpp"
#include "device/model/shard.hpp"
#include "grammar_fixture.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <random>
#include <sstream>

using namespace grammar_fixture;
namespace json = boost::json;

namespace {

const char* const folder = "tests/data/schemas";
constexpr std::size_t longest = 3000; // tokens of a document

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

using schemas = std::map<std::string, std::shared_ptr<const compiled_grammar>>;

schemas compile_all() {
  schemas out;
  for (const auto& file : std::filesystem::directory_iterator{folder})
    out.emplace(file.path().filename(),
                compile(grammar_kind::json_schema, read_file(file.path()),
                        edge_vocabulary()));
  return out;
}

void write_line(const std::string& schema, const std::string& text,
                bool whole) {
  std::cout << json::serialize(
      json::object{{"schema", schema}, {"text", text}, {"whole", whole}})
            << '\n';
}

// Chooses among the allowed tokens: any of them, or one that closes something,
// and ever more the latter.
class random_writer {
public:
  explicit random_writer(std::uint32_t seed) : random_{seed} {
    const auto& trie = *edge_vocabulary();
    for (std::size_t id = 0; id < trie.vocabulary(); ++id)
      closing_.push_back(
          trie.piece(static_cast<std::int32_t>(id)).find_first_of("\"]}")
          != std::string_view::npos);
  }

  bool write(const std::shared_ptr<const compiled_grammar>& grammar,
             std::string& out) {
    grammar_state state{grammar};
    for (std::size_t step = 0; step < longest; ++step) {
      if (state.finished() || (state.may_end() && random_() % 2 == 0))
        return true;
      const auto id = choose(mask_of(state), step);
      if (id < 0 || !state.accept(id))
        return false;
      out += grammar->trie().piece(id);
    }
    return state.may_end();
  }

private:
  std::int32_t choose(const std::vector<std::uint64_t>& bits,
                      std::size_t step) {
    std::vector<std::int32_t> all;
    std::vector<std::int32_t> closing;
    for (std::size_t id = 0; id < closing_.size(); ++id)
      if (has(bits, id)) {
        all.push_back(static_cast<std::int32_t>(id));
        if (closing_[id])
          closing.push_back(all.back());
      }
    if (all.empty())
      return -1;
    const bool close = !closing.empty() && random_() % 200 < 60 + step;
    const auto& from = close ? closing : all;
    // Late, one that opens nothing.
    if (close && step > 100)
      for (const auto id : closing)
        if (edge_vocabulary()->piece(id).find_first_of("[{,:")
            == std::string_view::npos)
          return id;
    return from[random_() % from.size()];
  }

  std::mt19937 random_;
  std::vector<bool> closing_; // by token: has a quote or a closing bracket
};

void generate(std::size_t count) {
  for (const auto& [name, grammar] : compile_all())
    for (std::size_t i = 0; i < count; ++i) {
      std::string text;
      const bool whole =
          random_writer{static_cast<std::uint32_t>(i)}.write(grammar, text);
      write_line(name, text, whole);
    }
}

// The bundled model's own documents.
class model_writer {
public:
  model_writer()
      : files_{model_files::open("examples/models/edge-q8_0.gguf")},
        tokens_{tokenizer::open(files_)}, backend_{make_cpu_backend(pool_)},
        shard_{files_, *backend_, {0, files_.config().layers}, blocks} {}

  bool write(const std::string& prompt,
             const std::shared_ptr<const compiled_grammar>& grammar,
             std::uint64_t seed, std::string& out) {
    sampling_params params;
    params.seed = seed;
    params.temperature = 0.8f;
    sampler choose{params, files_.config().end_tokens};
    choose.follow(grammar);
    sequence_step step;
    step.tokens = tokens_.encode(prompt);
    step.blocks.resize(blocks);
    std::iota(step.blocks.begin(), step.blocks.end(), 0u);
    step.outputs = 1;
    std::vector<float> hidden;
    for (int i = 0; i < 120; ++i) {
      auto logits = shard_.forward({&step, 1}, hidden);
      const auto position = step.start + step.tokens.size();
      const auto token = choose.next(logits, position);
      out += grammar->trie().piece(token.id);
      if (token.grammar == grammar_end::complete
          || std::ranges::count(files_.config().end_tokens, token.id) > 0)
        return true;
      step.start = static_cast<std::uint32_t>(position);
      step.tokens = {token.id};
    }
    return false;
  }

private:
  static constexpr std::uint32_t blocks = 32;
  model_files files_;
  tokenizer tokens_;
  thread_pool pool_{1};
  std::unique_ptr<backend> backend_;
  shard shard_;
};

void sample(std::size_t count) {
  model_writer writer;
  for (const auto& [name, grammar] : compile_all())
    for (std::size_t i = 0; i < count; ++i) {
      std::string text;
      const bool whole = writer.write("Answer in JSON:\n", grammar, i, text);
      write_line(name, text, whole);
    }
}

void check() {
  const auto all = compile_all();
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = json::parse(line);
    const auto& grammar = all.at(std::string{asked.at("schema").as_string()});
    std::cout << accepts(grammar, asked.at("text").as_string()) << '\n';
  }
}

} // namespace

int main(int argc, char** argv) {
  try {
    const std::string what = argc > 1 ? argv[1] : "";
    const std::size_t count = argc > 2 ? std::stoul(argv[2]) : 1;
    if (what == "generate")
      generate(count);
    else if (what == "sample")
      sample(count);
    else if (what == "check")
      check();
    else
      throw model_error("usage: schema_corpus generate|sample|check [count]");
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
