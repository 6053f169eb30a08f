// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What storing K and V in fewer bits costs: the logits of real and of random
// models against those with K and V in f32, along given ids.
//
// Where the limit comes from. In int8 the 32 values of a group are rounded to
// steps of 1/127 of the greatest one: by 1/sqrt(12) of a step on average. The
// greatest of 32 is 2 to 3 times the root mean square, so that an error of
// e = 2.5 / 127 / sqrt(12) = 0.6 % goes into Q, K and V of every layer. They
// add like noise: at most sqrt(3 * layers) * e reaches the logits if a layer
// passes on what it gets.
//
// Measured, median over 269 rows: edge-q8_0 1.4 %, cloud-q8_0 2.4 %. K and V in
// f16 give 1.3 % and 2.1 %: products of quantised models round their inputs to
// int8 as well, and any other last bit makes some of them round the other way.
// So f16 gets the same limit here. Per head of 64 instead of per 32 values, the
// error of K itself would be 0.67 % instead of 0.56 % (edge) and 0.76 % instead
// of 0.61 % (cloud); models with a few great elements per key suffer more.
#include "device/files/model_files.hpp"
#include "tests/device/model/staged_model.hpp"

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

// Of one rounding, relative.
constexpr double rounding_error = 2.5 / 127 / 3.4641;
double limit_of(const model_files& files) {
  return std::sqrt(3.0 * files.config().layers) * rounding_error;
}

std::vector<float> logits_of(const model_files& files, kv_format format,
                             std::span<const std::int32_t> ids) {
  const auto count = static_cast<std::uint32_t>(ids.size());
  staged_model model(files, fast_backend(), 1,
                     (count + block_tokens - 1) / block_tokens,
                     {.format = format});
  const auto step = step_of(ids, 0, count);
  return model.forward({&step, 1});
}

/// How far logits are from others, row by row.
struct comparison {
  std::vector<double> distance; ///< L2 of the difference / L2 of the logits
  std::size_t other_choices = 0;
  double widest_gap = 0.0; ///< between the two best where choices differ
};

void compare(comparison& to, std::span<const float> got,
             std::span<const float> want, std::size_t vocabulary) {
  for (std::size_t at = 0; at < want.size(); at += vocabulary) {
    const auto mine = got.subspan(at, vocabulary);
    const auto theirs = want.subspan(at, vocabulary);
    double off = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < vocabulary; ++i) {
      const double d = double{mine[i]} - double{theirs[i]};
      off += d * d;
      squares += double{theirs[i]} * double{theirs[i]};
    }
    to.distance.push_back(std::sqrt(off / squares));
    const auto best = static_cast<std::size_t>(argmax(theirs));
    const auto choice = static_cast<std::size_t>(argmax(mine));
    if (choice != best) {
      ++to.other_choices;
      to.widest_gap =
          std::max(to.widest_gap, double{theirs[best]} - theirs[choice]);
    }
  }
  std::sort(to.distance.begin(), to.distance.end());
}

std::vector<std::vector<std::int32_t>> ids_of(const char* key) {
  std::ifstream in("tests/data/goldens/llama_cpp_greedy.json");
  std::stringstream text;
  text << in.rdbuf();
  const auto all = boost::json::parse(text.str());
  std::vector<std::vector<std::int32_t>> out;
  for (const auto& entry : all.at(key).as_array()) {
    for (const auto* part : {"prompt_ids", "ids"}) {
      const auto ids =
          boost::json::value_to<std::vector<std::int32_t>>(entry.at(part));
      if (part[0] == 'p')
        out.push_back(ids);
      else
        out.back().insert(out.back().end(), ids.begin(), ids.end());
    }
  }
  return out;
}

void check(const model_files& files, kv_format format,
           const std::vector<std::vector<std::int32_t>>& texts) {
  comparison all;
  for (const auto& ids : texts)
    compare(all, logits_of(files, format, ids),
            logits_of(files, kv_format::f32, ids), files.config().vocabulary);
  const auto median = all.distance[all.distance.size() / 2];
  BOOST_TEST_MESSAGE(files.path().string()
                     << " " << name(format) << ": " << all.distance.size()
                     << " rows, logits differ by " << median << " (median), "
                     << all.distance.back() << " (largest); "
                     << all.other_choices << " other choices, gap up to "
                     << all.widest_gap);
  BOOST_TEST(median < limit_of(files));
}

const std::vector<const char*> bundled{"edge-q8_0", "cloud-q8_0"};
const std::vector<std::string> families{
    "llama", "llama3-scaled", "mistral-window", "mixtral", "qwen2",
    "qwen3", "qwen3-moe",     "gemma3",         "phi3"};

} // namespace

BOOST_AUTO_TEST_SUITE(kv_formats)

BOOST_DATA_TEST_CASE(real_models_answer_alike_in_fewer_bits,
                     boost::unit_test::data::make(bundled), key) {
  const auto files =
      model_files::open("examples/models/" + std::string(key) + ".gguf");
  const auto texts = ids_of(key);
  check(files, kv_format::f16, texts);
  check(files, kv_format::int8, texts);
}

BOOST_DATA_TEST_CASE(every_family_takes_int8,
                     boost::unit_test::data::make(families), family) {
  const auto files = model_files::open("tests/data/goldens/" + family);
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 48; ++i)
    ids.push_back((i * 37 + 11) % 500);
  check(files, kv_format::int8, {ids});
}

BOOST_AUTO_TEST_CASE(chunks_and_stages_change_no_bit_in_int8) {
  const auto files = model_files::open("examples/models/edge-q8_0.gguf");
  const auto ids = ids_of("edge-q8_0").front();
  const auto count = static_cast<std::uint32_t>(ids.size());
  const auto whole = logits_of(files, kv_format::int8, ids);
  on_every_path([&](backend& device) {
    staged_model model(files, device, 2, (count + 15) / 16,
                       {.format = kv_format::int8});
    std::vector<float> rows;
    for (std::uint32_t at = 0; at < count; at += 7) {
      const auto part = std::span(ids).subspan(at, std::min(7u, count - at));
      const auto some = step_of(part, at, count);
      const auto logits = model.forward({&some, 1});
      rows.insert(rows.end(), logits.begin(), logits.end());
    }
    BOOST_TEST(first_difference(rows, whole) == -1);
  });
}

BOOST_AUTO_TEST_SUITE_END()
