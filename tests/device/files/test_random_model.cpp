// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Random models are read as what was asked for, and wrong wishes are refused.
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "device/files/random_model.hpp"
#include "device/text/tokenizer.hpp"
#include "tests/device/temporary_folder.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <sstream>

using namespace sluice::device;
using namespace sluice::device::testing;

namespace {

constexpr random_model_shape small{.width = 256,
                                   .ff_width = 512,
                                   .layers = 3,
                                   .heads = 4,
                                   .kv_heads = 2,
                                   .vocabulary = 100,
                                   .context = 64,
                                   .tied = true};

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string refusal(const random_model_shape& shape, const char* format,
                    const char* path = "never.gguf") {
  try {
    write_random_model(path, shape, format, 0);
    return "written";
  } catch (const model_error& error) {
    return error.what();
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(random_models)

BOOST_DATA_TEST_CASE(every_format_holds_weights_as_trained_ones_are,
                     boost::unit_test::data::make({"f32", "f16", "bf16", "q8_0",
                                                   "q4_0", "q4_k_m", "q5_k_m",
                                                   "q6_k"}),
                     format) {
  const temporary_folder folder;
  const auto path = folder.path() / "random.gguf";
  write_random_model(path, small, format, 1);
  const auto files = model_files::open(path);
  BOOST_TEST(files.config().layers == 3u);
  BOOST_TEST(files.config().vocabulary == 100u);
  BOOST_TEST(files.config().kv_heads == 2u);
  for (const auto& [role, layer] :
       {std::pair{tensor_role::up, 1}, std::pair{tensor_role::down, 0},
        std::pair{tensor_role::token_embedding, 0}}) {
    const auto name = "role " + std::to_string(static_cast<int>(role));
    const auto weights =
        to_f32(files.require(role, static_cast<std::size_t>(layer)));
    double sum = 0.0;
    double squares = 0.0;
    for (const double w : weights) {
      sum += w;
      squares += w * w;
    }
    const auto count = static_cast<double>(weights.size());
    BOOST_TEST(std::abs(sum / count) < 0.004, name << " " << sum / count);
    const auto deviation = std::sqrt(squares / count);
    BOOST_TEST((deviation > 0.01 && deviation < 0.04),
               name << " " << deviation);
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_file) {
  const temporary_folder folder;
  write_random_model(folder.path() / "a", small, "q4_k_m", 7);
  write_random_model(folder.path() / "b", small, "q4_k_m", 7);
  write_random_model(folder.path() / "c", small, "q4_k_m", 8);
  BOOST_TEST((contents(folder.path() / "a") == contents(folder.path() / "b")));
  BOOST_TEST((contents(folder.path() / "a") != contents(folder.path() / "c")));
}

BOOST_AUTO_TEST_CASE(shapes_that_no_model_has_are_refused) {
  auto shape = small;
  shape.heads = 3;
  BOOST_TEST(refusal(shape, "q8_0")
             == "no model has this shape: a width of 256 does not make 3 heads "
                "of even size");
  shape = small;
  shape.kv_heads = 3;
  BOOST_TEST(refusal(shape, "q8_0")
             == "no model has this shape: 4 heads cannot share 3 key-value "
                "heads");
  shape = small;
  shape.ff_width = 48;
  BOOST_TEST(refusal(shape, "q4_0")
             == "no model has this shape: a row of 48 does not fill blocks of "
                "q4_0");
  shape = small;
  shape.layers = 0;
  BOOST_TEST(refusal(shape, "f32")
             == "no model has this shape: every size must be at least 1");
  BOOST_TEST(refusal(small, "q9")
             == "unknown format 'q9'; there are f32, f16, bf16, q8_0, q4_0, "
                "q4_k_m, q5_k_m and q6_k");
}

BOOST_AUTO_TEST_CASE(a_made_up_tokenizer_knows_its_words) {
  const temporary_folder folder;
  auto shape = small;
  shape.vocabulary = 256 + 26 * 26 + 100 + 2;
  shape.tokenizer = true;
  write_random_model(folder.path() / "a.gguf", shape, "q8_0", 1);
  const auto files = model_files::open(folder.path() / "a.gguf");
  const auto tokens = tokenizer::open(files);
  BOOST_TEST(tokens.size() == shape.vocabulary);
  BOOST_TEST(!tokens.chat_template().empty());
  const auto ids = tokens.encode("aab! zz");
  // The beginning, "aab", "!", " ", "zz".
  BOOST_TEST(ids.size() == 5u);
  BOOST_TEST(files.config().end_tokens.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_tokenizer_needs_all_bytes) {
  auto shape = small;
  shape.tokenizer = true;
  BOOST_TEST(refusal(shape, "q8_0")
             == "no model has this shape: a tokenizer needs a vocabulary of at "
                "least 258");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_told) {
  const auto text = refusal(small, "q8_0", "no/such/folder/x.gguf");
  BOOST_TEST(text
             == "no/such/folder/x.gguf.part: cannot be written: No such file "
                "or directory");
}

BOOST_AUTO_TEST_SUITE_END()
