// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/features.hpp"
#include "device/cpu/ceilings.hpp"
#include "device/error.hpp"
#include "tests/device/cpu/cases.hpp"

using namespace sluice::device;

BOOST_AUTO_TEST_CASE(paths_are_known_by_their_names) {
  for (auto path : {isa::reference, isa::avx2, isa::avx512_vnni,
                    isa::avx512_bf16, isa::neon_dotprod})
    BOOST_TEST((isa_named(name(path)) == path));
  BOOST_TEST(!isa_named("avx3").has_value());
  BOOST_TEST(!isa_named("").has_value());
}

BOOST_AUTO_TEST_CASE(the_reference_runs_everywhere_and_the_best_is_supported) {
  BOOST_TEST(supported(isa::reference));
  BOOST_TEST(supported(best_isa()));
  BOOST_TEST((supported_isas().back() == best_isa()));
}

BOOST_AUTO_TEST_CASE(a_forced_path_is_taken_or_refused) {
  thread_pool pool(1);
  for (auto path : {isa::reference, isa::avx2, isa::avx512_vnni,
                    isa::avx512_bf16, isa::neon_dotprod})
    if (supported(path))
      BOOST_TEST(make_cpu_backend(pool, path)->name()
                 == "cpu " + std::string(name(path)));
    else
      BOOST_CHECK_EXCEPTION(
          make_cpu_backend(pool, path), model_error, [&](const model_error& e) {
            BOOST_TEST(e.what()
                       == "this processor cannot run " + std::string(name(path))
                              + " code");
            return true;
          });
}

BOOST_AUTO_TEST_CASE(ceilings_are_measured) {
  thread_pool pool(2);
  const auto c = measure_ceilings(pool);
  BOOST_TEST(c.read_bytes_per_second > 1e8);
  BOOST_TEST(c.integer_operations_per_second > 1e8);
  BOOST_TEST(c.bf16_operations_per_second > 1e8);
}

BOOST_AUTO_TEST_CASE(memory_comes_zeroed_and_copies_both_ways) {
  thread_pool pool(1);
  const auto b = make_cpu_backend(pool);
  const auto memory = b->allocate(100);
  BOOST_TEST(memory->size() == 100u);
  std::vector<float> host(100, 1.0f);
  b->read(host, memory->data());
  BOOST_TEST(host == std::vector<float>(100, 0.0f));
  host[7] = 3.5f;
  b->write(memory->data(), host);
  std::vector<float> back(100, 1.0f);
  b->read(back, memory->data());
  BOOST_TEST(back == host);
}
