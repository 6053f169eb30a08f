// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tiny random models of all nine families against logits and greedy ids that
// Hugging Face transformers computed in f32 (tests/data/goldens/VERSION).
//
// The measure: per position, max |difference| / max |logit| and the L2 norm of
// the difference / that of the logits; both within 2e-4.
#include "device/files/model_files.hpp"
#include "tests/device/model/family_golden.hpp"
#include "tests/device/model/staged_model.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

constexpr double bar = 2e-4;

/// Largest errors over all positions.
struct distance {
  double by_max = 0.0;
  double by_l2 = 0.0;
};

distance distance_of(std::span<const float> got, std::span<const float> want,
                     std::size_t vocabulary) {
  BOOST_REQUIRE_EQUAL(got.size(), want.size());
  distance out;
  for (std::size_t row = 0; row < got.size(); row += vocabulary) {
    double off = 0.0, largest = 0.0, off_squares = 0.0, squares = 0.0;
    for (std::size_t i = row; i < row + vocabulary; ++i) {
      const double d = std::abs(double{got[i]} - double{want[i]});
      off = std::max(off, d);
      largest = std::max(largest, std::abs(double{want[i]}));
      off_squares += d * d;
      squares += double{want[i]} * double{want[i]};
    }
    out.by_max = std::max(out.by_max, off / largest);
    out.by_l2 = std::max(out.by_l2, std::sqrt(off_squares / squares));
  }
  return out;
}

void check_distance(const distance& d, const std::string& what) {
  BOOST_TEST_MESSAGE(what << ": max " << d.by_max << ", L2 " << d.by_l2);
  BOOST_TEST(d.by_max < bar, what);
  BOOST_TEST(d.by_l2 < bar, what);
}

// Logits of all ids, `chunk` at a time.
std::vector<float> logits_in_chunks(staged_model& model,
                                    std::span<const std::int32_t> ids,
                                    std::size_t chunk) {
  std::vector<float> out;
  for (std::size_t start = 0; start < ids.size(); start += chunk) {
    const auto part = ids.subspan(start, std::min(chunk, ids.size() - start));
    const auto step = step_of(part, static_cast<std::uint32_t>(start),
                              static_cast<std::uint32_t>(ids.size()));
    const auto rows = model.forward({&step, 1});
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

std::vector<std::int32_t>
greedy(staged_model& model, std::vector<std::int32_t> ids, std::size_t count) {
  const auto positions = static_cast<std::uint32_t>(ids.size() + count);
  std::vector<std::int32_t> out;
  std::uint32_t start = 0;
  while (out.size() < count) {
    auto step = step_of(ids, start, positions);
    step.outputs = 1;
    start += static_cast<std::uint32_t>(ids.size());
    out.push_back(argmax(model.forward({&step, 1})));
    ids = {out.back()};
  }
  return out;
}

void check_logits(const std::string& family) {
  const auto files = model_files::open(folder_of(family));
  const auto golden = read_golden(family);
  on_every_path([&](backend& device) {
    staged_model model(files, device, 1, 8);
    const auto whole =
        logits_in_chunks(model, golden.input_ids, golden.input_ids.size());
    check_distance(distance_of(whole, golden.logits, model.vocabulary()),
                   family + " " + std::string{device.name()} + ", prefill");
    const auto single = logits_in_chunks(model, golden.input_ids, 1);
    check_distance(distance_of(single, golden.logits, model.vocabulary()),
                   family + " " + std::string{device.name()}
                       + ", token by token");
    BOOST_TEST(first_difference(whole, single) == -1);
    const auto chunks = logits_in_chunks(model, golden.input_ids, 7);
    BOOST_TEST(first_difference(whole, chunks) == -1);
  });
}

void check_greedy(const std::string& family) {
  const auto files = model_files::open(folder_of(family));
  const auto golden = read_golden(family);
  on_every_path([&](backend& device) {
    staged_model model(files, device, 1, 8);
    BOOST_TEST(greedy(model, golden.greedy_prompt, golden.greedy_ids.size())
                   == golden.greedy_ids,
               boost::test_tools::per_element());
  });
}

} // namespace

BOOST_AUTO_TEST_SUITE(family_goldens)

BOOST_DATA_TEST_CASE(logits_are_those_of_transformers,
                     boost::unit_test::data::make(families), family) {
  check_logits(family);
}

BOOST_DATA_TEST_CASE(greedy_ids_are_those_of_transformers,
                     boost::unit_test::data::make(families), family) {
  check_greedy(family);
}

BOOST_AUTO_TEST_SUITE_END()
