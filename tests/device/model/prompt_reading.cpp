// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What is read off prompts: against the goldens' logits of all nine families,
// and bit for bit the same in any chunks, batches and stages.
#include "device/model/prompt_reading.hpp"

#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "tests/device/model/family_golden.hpp"
#include "tests/device/model/staged_model.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

// As for the logits themselves, of the largest one.
constexpr double bar = 2e-4;

struct golden_model {
  explicit golden_model(const std::string& family)
      : files{model_files::open(folder_of(family))} {
    auto run = read_golden(family);
    ids = std::move(run.input_ids);
    logits = std::move(run.logits);
  }

  std::span<const float> row(std::size_t position) const {
    const auto vocabulary = files.config().vocabulary;
    return std::span{logits}.subspan(position * vocabulary, vocabulary);
  }

  model_files files;
  std::vector<std::int32_t> ids;
  std::vector<float> logits; // [ids, vocabulary]
};

double log_softmax(std::span<const float> row, std::int32_t id) {
  const double best = *std::max_element(row.begin(), row.end());
  double sum = 0.0;
  for (const auto x : row)
    sum += std::exp(x - best);
  return row[static_cast<std::size_t>(id)] - best - std::log(sum);
}

/// How a prompt is run.
struct topology {
  std::uint32_t stages = 1;
  std::uint32_t chunk = 64;
  bool neighbour = false; // another prompt in each step
};

// The step for `ids` from `start` on, with `what`'s rows to be read.
sequence_step reading_step(std::span<const std::int32_t> ids,
                           std::uint32_t start, std::uint32_t chunk,
                           reading_kind kind) {
  const auto length = static_cast<std::uint32_t>(ids.size());
  const auto count = std::min(chunk, length - start);
  auto step = step_of(ids.subspan(start, count), start, length);
  step.outputs = start + count == length ? 1 : 0;
  const auto end = kind == reading_kind::scores ? length - 1 : length;
  const auto first =
      kind == reading_kind::last ? std::max(start, end - 1) : start;
  const auto last = std::min(start + count, end);
  step.read.kind =
      kind == reading_kind::scores ? row_kind::logits : row_kind::states;
  if (first < last) {
    step.read.first = first - start;
    step.read.count = last - first;
  }
  return step;
}

prompt_part read(const golden_model& model, prompt_reading what,
                 const topology& how) {
  const std::span<const std::int32_t> ids{model.ids};
  staged_model stages{model.files, fast_backend(), how.stages, 16};
  prompt_reader reader{what, model.ids};
  prompt_part out;
  for (std::uint32_t start = 0; start < ids.size(); start += how.chunk) {
    std::vector<sequence_step> steps;
    if (how.neighbour) {
      const std::vector<std::int32_t> other{3, 1, 2};
      steps.push_back(step_of(other, 0, 3, 8));
    }
    steps.push_back(reading_step(ids, start, how.chunk, what.kind));
    stages.forward(steps, [&](const row_slice& rows) {
      BOOST_REQUIRE(rows.step + 1 == steps.size());
      BOOST_REQUIRE(rows.count <= slice_rows);
      reader.take(start + rows.first, rows.count, rows.values, out);
    });
  }
  return out;
}

const std::vector<topology> topologies{
    {1, 1, false}, {1, 7, true}, {2, 64, false}, {2, 5, true}, {1, 40, false}};

void check_scores(const golden_model& model, const prompt_part& got) {
  BOOST_REQUIRE_EQUAL(got.scores.size(), model.ids.size() - 1);
  for (std::size_t i = 0; i < got.scores.size(); ++i) {
    const auto& one = got.scores[i];
    const auto row = model.row(i);
    const auto largest = std::abs(
        *std::max_element(row.begin(), row.end(), [](float a, float b) {
          return std::abs(a) < std::abs(b);
        }));
    BOOST_TEST(one.id == model.ids[i + 1]);
    BOOST_TEST(std::abs(one.logprob - log_softmax(row, one.id))
               < 2 * bar * largest);
    for (const auto& [id, logprob] : one.top)
      BOOST_TEST(std::abs(logprob - log_softmax(row, id)) < 2 * bar * largest);
    BOOST_REQUIRE_EQUAL(one.top.size(), 3u);
    if (one.rank <= 3)
      BOOST_TEST(one.top[one.rank - 1].first == one.id);
  }
}

// The output matrix is known: what it makes of a state must be the logits.
double worst_state(const std::string& family) {
  const golden_model model{family};
  const auto& config = model.files.config();
  const auto output = to_f32(model.files.require(tensor_role::output));
  staged_model stages{model.files, fast_backend(), 2, 16};
  const auto step = reading_step(model.ids, 0, 64, reading_kind::mean);
  double worst = 0.0;
  stages.forward({&step, 1}, [&](const row_slice& rows) {
    for (std::uint32_t r = 0; r < rows.count; ++r) {
      const auto state = rows.values.subspan(r * config.width, config.width);
      const auto want = model.row(rows.first + r);
      double largest = 0.0;
      double off = 0.0;
      for (std::size_t j = 0; j < config.vocabulary; ++j) {
        double sum = 0.0;
        for (std::size_t k = 0; k < config.width; ++k)
          sum += double{output[j * config.width + k]} * state[k];
        largest = std::max(largest, std::abs(double{want[j]}));
        off = std::max(off, std::abs(sum - want[j]));
      }
      worst = std::max(worst, off / largest);
    }
  });
  return worst;
}

} // namespace

BOOST_AUTO_TEST_SUITE(prompt_readings)

BOOST_DATA_TEST_CASE(scores_are_the_log_softmax_of_the_goldens,
                     boost::unit_test::data::make(families), family) {
  const golden_model model{family};
  const auto whole = read(model, {reading_kind::scores, 3}, {});
  check_scores(model, whole);
  for (const auto& how : topologies)
    BOOST_TEST(
        (read(model, {reading_kind::scores, 3}, how).scores == whole.scores));
}

BOOST_DATA_TEST_CASE(states_make_the_goldens_logits,
                     boost::unit_test::data::make(families), family) {
  const auto worst = worst_state(family);
  BOOST_TEST_MESSAGE(family << ": " << worst);
  BOOST_TEST(worst < bar);
}

BOOST_DATA_TEST_CASE(embeddings_are_the_same_in_every_topology,
                     boost::unit_test::data::make(families), family) {
  const golden_model model{family};
  for (const auto kind : {reading_kind::mean, reading_kind::last}) {
    const auto whole = read(model, {kind, 0}, {}).embedding;
    BOOST_REQUIRE_EQUAL(whole.size(), model.files.config().width);
    double squares = 0.0;
    for (const auto x : whole)
      squares += double{x} * x;
    BOOST_TEST(std::abs(squares - 1.0) < 1e-6);
    for (const auto& how : topologies)
      BOOST_TEST(first_difference(read(model, {kind, 0}, how).embedding, whole)
                 == -1);
  }
}

BOOST_AUTO_TEST_CASE(equal_logits_rank_by_id) {
  const std::vector<float> logits{1, 3, 3, 2, 3};
  BOOST_TEST(score(logits, 1, 0).rank == 1u);
  BOOST_TEST(score(logits, 2, 0).rank == 2u);
  BOOST_TEST(score(logits, 4, 0).rank == 3u);
  BOOST_TEST(score(logits, 3, 0).rank == 4u);
  BOOST_TEST(score(logits, 0, 9).top.size() == 5u);
  BOOST_TEST(score(logits, 0, 0).top.empty());
}

BOOST_AUTO_TEST_CASE(an_impossible_token_has_minus_infinity) {
  const auto none = -std::numeric_limits<float>::infinity();
  const std::vector<float> logits{0, none, 0};
  BOOST_TEST(score(logits, 1, 0).logprob == none);
  BOOST_TEST(score(logits, 1, 0).rank == 3u);
}

BOOST_AUTO_TEST_CASE(a_model_that_gives_nan_is_told_of) {
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  BOOST_CHECK_THROW(score(std::vector<float>{0, nan}, 0, 0), model_error);
  BOOST_CHECK_THROW(at_unit_length(std::vector<double>{1, nan}), model_error);
  BOOST_CHECK_THROW(at_unit_length(std::vector<double>{
                        std::numeric_limits<double>::infinity()}),
                    model_error);
}

BOOST_AUTO_TEST_CASE(nothing_has_no_length) {
  BOOST_TEST(at_unit_length(std::vector<double>{0, 0})
                 == (std::vector<float>{0, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(at_unit_length(std::vector<double>{3, 4})
                 == (std::vector<float>{0.6f, 0.8f}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
