// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cuda/check.hpp"
#include "device/cuda/device_buffer.hpp"
#include "device/cuda/scale.hpp"
#include "device/cuda/stream.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>
#include <string>
#include <vector>

using namespace sluice::device::cuda;

namespace {

/// False, with a line that ctest looks for, on a machine without a GPU.
boost::test_tools::assertion_result has_gpu(boost::unit_test::test_unit_id) {
  if (device_count() > 0)
    return true;
  std::puts("no CUDA device: skipped");
  return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cuda)

BOOST_AUTO_TEST_CASE(success_is_silent) {
  BOOST_CHECK_NO_THROW(check(cudaSuccess));
}

BOOST_AUTO_TEST_CASE(a_failure_names_its_call_site_and_reason) {
  try {
    check(cudaErrorInvalidValue);
    BOOST_FAIL("check let an error pass");
  } catch (const cuda_error& error) {
    const std::string text = error.what();
    BOOST_TEST(text.find("owners.cpp:") != std::string::npos, text);
    BOOST_TEST(text.find("cudaErrorInvalidValue") != std::string::npos, text);
    BOOST_TEST(error.code() == cudaErrorInvalidValue);
  }
}

BOOST_AUTO_TEST_CASE(what_is_written_comes_back_scaled,
                     *boost::unit_test::precondition(has_gpu)) {
  std::vector<float> host(1000);
  std::iota(host.begin(), host.end(), 0.0f);
  const stream on;
  device_buffer<float> buffer(host.size());
  buffer.write(host, on);
  scale(buffer.data() + 1, 3.0f, host.size() - 2, on);
  std::vector<float> back(host.size());
  buffer.read(back, on);
  on.synchronize();
  for (std::size_t i = 0; i < host.size(); ++i) {
    const bool guard = i == 0 || i + 1 == host.size();
    BOOST_TEST(back[i] == (guard ? host[i] : 3.0f * host[i]));
  }
}

BOOST_AUTO_TEST_CASE(a_moved_buffer_leaves_nothing_behind,
                     *boost::unit_test::precondition(has_gpu)) {
  device_buffer<int> first(4);
  auto* data = first.data();
  const device_buffer<int> second(std::move(first));
  BOOST_TEST(second.data() == data);
  BOOST_TEST(first.data() == nullptr);
  BOOST_TEST(first.size() == 0u);
}

BOOST_AUTO_TEST_CASE(too_large_a_buffer_is_an_error_not_a_crash,
                     *boost::unit_test::precondition(has_gpu)) {
  BOOST_CHECK_THROW(device_buffer<std::byte>(std::size_t{1} << 50), cuda_error);
  BOOST_CHECK_NO_THROW(device_buffer<std::byte>(16));
}

BOOST_AUTO_TEST_CASE(events_measure_forward_in_time,
                     *boost::unit_test::precondition(has_gpu)) {
  const stream on;
  event start;
  event stop;
  device_buffer<float> buffer(1 << 20);
  start.record(on);
  scale(buffer.data(), 1.0f, buffer.size(), on);
  stop.record(on);
  stop.synchronize();
  BOOST_TEST(stop.milliseconds_since(start) > 0.0f);
}

BOOST_AUTO_TEST_SUITE_END()
