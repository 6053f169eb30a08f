// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Times the CPU kernels and prints each as a share of what this machine can do,
// measured in the same run. Not a test: run bench_cpu by hand, with a path's
// name and a number of threads if wanted. With one thread it reads the
// processor's time, so that a busy machine blurs the figures less.

#include "device/cpu/ceilings.hpp"
#include "device/kv/kv_identity.hpp"
#include "tests/device/cpu/cases.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

struct timing {
  double median; ///< seconds
  double best;
};

clockid_t bench_clock = CLOCK_MONOTONIC;

double seconds() {
  timespec t{};
  clock_gettime(bench_clock, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

/// Calls f for about 0.4 s, at least 5 times.
template <class F>
timing measure(F f) {
  std::vector<double> times;
  f();
  const double begin = seconds();
  while (times.size() < 5 || seconds() - begin < 0.4) {
    const double before = seconds();
    f();
    times.push_back(seconds() - before);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.front()};
}

void report(const char* what, timing t, double bytes, double operations,
            const cpu_ceilings& limit) {
  std::printf("%-34s %9.1f us (best %9.1f) %6.1f GB/s %3.0f%% %7.1f Gop/s "
              "%3.0f%%\n",
              what, t.median * 1e6, t.best * 1e6, bytes / t.median * 1e-9,
              bytes / t.median / limit.read_bytes_per_second * 100,
              operations / t.median * 1e-9,
              operations / t.median / limit.integer_operations_per_second
                  * 100);
}

void bench_matmul(backend& b, dtype type, const cpu_ceilings& limit) {
  constexpr std::size_t n = 2048;
  constexpr std::size_t k = 2048;
  inputs in;
  const auto w = random_weights(in, type, n, k);
  // Enough matrices that none stays in a cache.
  std::vector<std::unique_ptr<weight_matrix>> many;
  const auto packing = measure([&] { b.pack(w.view); });
  std::printf("pack %-29s %9.1f us %6.1f GB/s read\n", name(type).data(),
              packing.median * 1e6,
              double(w.bytes.size()) / packing.median * 1e-9);
  for (int i = 0; i < 32; ++i)
    many.push_back(b.pack(w.view));
  for (std::size_t rows : {1, 4, 16, 512}) {
    const auto x = in.floats(rows * k);
    std::vector<float> y(rows * n);
    std::size_t next = 0;
    const auto t = measure([&] {
      b.matmul(y.data(), *many[next++ % many.size()], x.data(), nullptr, rows);
    });
    const auto what =
        "matmul " + std::string(name(type)) + " rows " + std::to_string(rows);
    report(what.c_str(), t, double(many[0]->bytes), 2.0 * double(rows * n * k),
           limit);
  }
}

void bench_attention(backend& b, std::uint32_t sequences, std::uint32_t count,
                     std::uint32_t length, kv_format format,
                     const cpu_ceilings& limit) {
  const attention_shape shape{32, 8, 64, 0, 0.125f};
  inputs in;
  const std::uint32_t per = (length + 15) / 16;
  const auto memory = b.allocate(b.kv_floats(sequences * per, 8, 64, format));
  const kv_view kv{memory->data(), sequences * per, 8, 64, format};
  std::vector<std::uint32_t> table(sequences * per);
  for (std::uint32_t i = 0; i < table.size(); ++i)
    table[i] = i;
  std::vector<attention_span> whole;
  std::vector<attention_span> spans;
  for (std::uint32_t i = 0; i < sequences; ++i) {
    whole.push_back({i * length, length, 0, table.data() + i * per});
    spans.push_back({i * count, count, length - count, table.data() + i * per});
  }
  const auto noise = in.floats(std::size_t(sequences) * length * 8 * 64);
  b.store_kv(kv, noise.data(), noise.data(), whole);
  const auto q = in.floats(std::size_t(sequences) * count * 32 * 64);
  std::vector<float> y(q.size());
  const auto t =
      measure([&] { b.attention(y.data(), q.data(), kv, spans, shape); });
  const double pairs =
      double(sequences) * count * (length - (count - 1) / 2.0) * 32;
  const auto what = "attention " + std::string(name(format)) + " "
                    + std::to_string(sequences) + " x " + std::to_string(count)
                    + " of " + std::to_string(length);
  report(what.c_str(), t,
         double(b.kv_block_bytes(8, 64, format)) * sequences * length / 16,
         pairs * 64 * 4, limit);
}

} // namespace

int main(int argc, char** argv) {
  const auto path = argc > 1 ? isa_named(argv[1]) : best_isa();
  if (!path || !supported(*path)) {
    std::fprintf(stderr, "no path of that name runs here\n");
    return 1;
  }
  thread_pool pool(argc > 2 ? unsigned(std::stoul(argv[2]))
                            : available_cores());
  if (pool.threads() == 1)
    bench_clock = CLOCK_THREAD_CPUTIME_ID;
  const auto limit = measure_ceilings(pool, *path);
  std::printf("%s, %u threads, read %.1f GB/s, int8 %.0f Gop/s\n",
              name(*path).data(), pool.threads(),
              limit.read_bytes_per_second * 1e-9,
              limit.integer_operations_per_second * 1e-9);
  const auto b = make_cpu_backend(pool, *path);
  for (auto type : {dtype::q8_0, dtype::q4_k, dtype::q6_k, dtype::f16})
    bench_matmul(*b, type, limit);
  for (auto format : {kv_format::f32, kv_format::f16, kv_format::int8}) {
    bench_attention(*b, 1, 1, 4096, format, limit);
    bench_attention(*b, 32, 1, 512, format, limit);
    bench_attention(*b, 1, 512, 512, format, limit);
  }
  const auto empty = measure([&] { pool.run(2, [](std::size_t) {}); });
  std::printf("fork-join %.2f us\n", empty.median * 1e6);
}
