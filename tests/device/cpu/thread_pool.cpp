// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/thread_pool.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

using namespace sluice::device;

BOOST_AUTO_TEST_CASE(every_part_runs_exactly_once) {
  for (unsigned threads : {1u, 2u, 5u}) {
    thread_pool pool(threads);
    BOOST_TEST(pool.threads() == threads);
    for (std::size_t parts : {0, 1, 2, 3, 100, 1000}) {
      std::vector<int> runs(parts, 0); // each written by one thread
      pool.run(parts, [&](std::size_t part) { ++runs[part]; });
      BOOST_TEST(runs == std::vector<int>(parts, 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(results_are_visible_after_each_of_many_short_runs) {
  thread_pool pool(3);
  std::vector<std::size_t> values(7, 0);
  for (std::size_t round = 1; round <= 5000; ++round) {
    pool.run(values.size(), [&](std::size_t part) { values[part] += part; });
    for (std::size_t i = 0; i < values.size(); ++i)
      BOOST_REQUIRE_EQUAL(values[i], i * round);
  }
}

BOOST_AUTO_TEST_CASE(workers_take_part) {
  thread_pool pool(2);
  std::atomic<int> present = 0;
  // Each part waits for the other, so only two threads can finish.
  pool.run(2, [&](std::size_t) {
    ++present;
    while (present != 2)
      std::this_thread::yield();
  });
  BOOST_TEST(present == 2);
}

BOOST_AUTO_TEST_CASE(callers_from_several_threads_take_turns) {
  thread_pool pool(2);
  std::atomic<int> open = 0;
  std::atomic<bool> overlapped = false;
  std::vector<std::thread> callers;
  std::atomic<std::size_t> total = 0;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&, i] {
      for (int round = 0; round < 300; ++round)
        pool.run(5, [&](std::size_t) {
          const int before = open.exchange(i + 1);
          if (before != 0 && before != i + 1)
            overlapped = true;
          ++total;
          int mine = i + 1;
          open.compare_exchange_strong(mine, 0);
        });
    });
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(total == 4u * 300u * 5u);
  BOOST_TEST(!overlapped);
}

BOOST_AUTO_TEST_CASE(a_pool_that_never_ran_stops) {
  for (unsigned i = 1; i < 20; ++i)
    BOOST_TEST(thread_pool(i).threads() == i);
}

BOOST_AUTO_TEST_CASE(at_least_one_core_is_available) {
  BOOST_TEST(available_cores() >= 1u);
  BOOST_TEST(available_cores() <= std::thread::hardware_concurrency());
}
