// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/error.hpp"
#include "tests/device/cpu/cases.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

struct attention_case {
  std::uint32_t heads, kv_heads, head_dim, window;
  kv_format format = kv_format::f32;
  std::uint32_t sinks = 0;

  bool sees(std::uint32_t token, std::uint32_t position) const {
    return position <= token
           && (window == 0 || position < sinks || position + window > token);
  }
};

/// One sequence: q, k, v of all its tokens and the double-precision answer.
struct sequence {
  std::uint32_t tokens;
  std::vector<float> q, k, v;
  std::vector<double> exact;
};

/// What int8 blocks make of values: of each 32 of a head, 127 steps up to the
/// greatest magnitude.
void round_to_int8(std::vector<float>& values, std::size_t head_dim) {
  for (std::size_t head = 0; head < values.size(); head += head_dim)
    for (std::size_t g = 0; g < head_dim; g += 32) {
      const std::span group(values.data() + head + g,
                            std::min<std::size_t>(32, head_dim - g));
      float highest = 0.0f;
      for (const float x : group)
        highest = std::max(highest, std::abs(x));
      for (float& x : group)
        x = highest == 0.0f
                ? 0.0f
                : std::nearbyint(x * (127.0f / highest)) * (highest / 127.0f);
    }
}

sequence random_sequence(inputs& in, const attention_case& c,
                         std::uint32_t tokens, float scale) {
  sequence s{tokens,
             in.floats(std::size_t(tokens) * c.heads * c.head_dim),
             in.floats(std::size_t(tokens) * c.kv_heads * c.head_dim),
             in.floats(std::size_t(tokens) * c.kv_heads * c.head_dim),
             {}};
  if (c.format == kv_format::f16)
    for (auto* values : {&s.q, &s.k, &s.v})
      for (auto& x : *values)
        x = nearest_f16(x);
  if (c.format == kv_format::int8)
    for (auto* values : {&s.q, &s.k, &s.v})
      round_to_int8(*values, c.head_dim);
  const std::size_t d = c.head_dim;
  for (std::uint32_t t = 0; t < tokens; ++t)
    for (std::uint32_t h = 0; h < c.heads; ++h) {
      const std::uint32_t kh = h / (c.heads / c.kv_heads);
      std::vector<std::uint32_t> seen;
      for (std::uint32_t p = 0; p <= t; ++p)
        if (c.sees(t, p))
          seen.push_back(p);
      std::vector<double> score;
      for (const auto p : seen) {
        double dot = 0;
        for (std::size_t i = 0; i < d; ++i)
          dot += double(s.q[(t * c.heads + h) * d + i])
                 * s.k[(p * c.kv_heads + kh) * d + i];
        score.push_back(dot * scale);
      }
      const double highest = *std::max_element(score.begin(), score.end());
      double sum = 0;
      for (auto& x : score)
        sum += x = std::exp(x - highest);
      for (std::size_t i = 0; i < d; ++i) {
        double value = 0;
        for (std::size_t n = 0; n < seen.size(); ++n)
          value += score[n] * s.v[(seen[n] * c.kv_heads + kh) * d + i];
        s.exact.push_back(value / sum);
      }
    }
  return s;
}

/// KV memory full of NaN in either format, and block tables that share out its
/// blocks at random.
class kv_store {
public:
  kv_store(inputs& in, backend& b, const attention_case& c,
           const std::vector<sequence>& sequences)
      : backend_(b), case_(c) {
    std::uint32_t blocks = 1;
    for (const auto& s : sequences)
      blocks += (s.tokens + 15) / 16;
    std::vector<std::uint32_t> ids(blocks);
    std::iota(ids.begin(), ids.end(), 0u);
    for (std::uint32_t i = blocks - 1; i > 0; --i)
      std::swap(ids[i], ids[in.below(i + 1)]);
    for (const auto& s : sequences) {
      const auto first = ids.end() - (s.tokens + 15) / 16;
      tables_.emplace_back(first, ids.end());
      ids.erase(first, ids.end());
    }
    memory_ = b.allocate(b.kv_floats(blocks, c.kv_heads, c.head_dim, c.format));
    std::memset(memory_->data(), 0xff, memory_->size() * sizeof(float));
    view_ = {memory_->data(), blocks, c.kv_heads, c.head_dim, c.format};
  }

  /// One call for tokens [first, last) of each sequence that has them; appends
  /// the outputs to `out`, one vector per sequence.
  void step(const std::vector<sequence>& sequences, std::uint32_t first,
            std::uint32_t last, float scale,
            std::vector<std::vector<float>>& out) {
    const std::size_t q_row = std::size_t(case_.heads) * case_.head_dim;
    const std::size_t kv_row = std::size_t(case_.kv_heads) * case_.head_dim;
    std::vector<attention_span> spans;
    std::vector<std::size_t> owners;
    std::vector<float> q, k, v;
    std::uint32_t row = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const auto& s = sequences[i];
      const auto end = std::min(last, s.tokens);
      if (first >= end)
        continue;
      const auto take = [&](std::vector<float>& to, const std::vector<float>& a,
                            std::size_t n) {
        to.insert(to.end(), a.begin() + long(first * n),
                  a.begin() + long(end * n));
      };
      take(q, s.q, q_row);
      take(k, s.k, kv_row);
      take(v, s.v, kv_row);
      free_unseen(tables_[i], first);
      spans.push_back({row, end - first, first, tables_[i].data()});
      owners.push_back(i);
      row += end - first;
    }
    guarded y(row * q_row);
    backend_.store_kv(view_, k.data(), v.data(), spans);
    backend_.attention(y.data(), q.data(), view_, spans,
                       {case_.heads, case_.kv_heads, case_.head_dim,
                        case_.window, scale, case_.sinks});
    BOOST_TEST(y.intact());
    const auto values = y.values();
    for (std::size_t i = 0; i < spans.size(); ++i)
      out[owners[i]].insert(
          out[owners[i]].end(), values.begin() + long(spans[i].row * q_row),
          values.begin() + long((spans[i].row + spans[i].count) * q_row));
  }

private:
  /// Gives up the blocks that no token from `next` on sees, as a scheduler
  /// does: whatever their memory holds then, it must not be read.
  void free_unseen(std::vector<std::uint32_t>& table, std::uint32_t next) {
    for (std::uint32_t i = 0; i < table.size() && i < next / 16; ++i) {
      bool seen = false;
      for (std::uint32_t slot = 0; slot < 16; ++slot)
        seen = seen || case_.sees(next, i * 16 + slot);
      if (seen || table[i] == no_block)
        continue;
      const std::vector<std::byte> rubbish(
          backend_.kv_block_bytes(case_.kv_heads, case_.head_dim, case_.format),
          std::byte{0xff});
      backend_.write_kv_block(view_, table[i], rubbish);
      table[i] = no_block;
    }
  }

  backend& backend_;
  attention_case case_;
  std::vector<std::vector<std::uint32_t>> tables_;
  std::unique_ptr<device_memory> memory_;
  kv_view view_;
};

void check_attention(const attention_case& c) {
  inputs in;
  BOOST_TEST_CONTEXT("heads " << c.heads << " kv " << c.kv_heads << " dim "
                              << c.head_dim << " window " << c.window
                              << " sinks " << c.sinks << " format "
                              << int(c.format) << " seed " << in.seed()) {
    const float scale = 1.0f / std::sqrt(float(c.head_dim));
    // With f16 the weights are rounded once more. With int8 they are not, and
    // the inputs here are what rounding leaves as it is.
    const double tolerance = c.format == kv_format::f16 ? 2e-3 : 1e-5;
    std::vector<sequence> sequences;
    for (std::uint32_t tokens : {1, 15, 16, 17, 70})
      sequences.push_back(random_sequence(in, c, tokens, scale));
    std::vector<std::vector<float>> reference;
    on_every_path([&](backend& b, isa path) {
      // Whole prompts, prompts in chunks of 5, and one token at a time.
      for (std::uint32_t chunk : {100, 5, 1}) {
        kv_store store(in, b, c, sequences);
        std::vector<std::vector<float>> out(sequences.size());
        for (std::uint32_t first = 0; first < 70; first += chunk)
          store.step(sequences, first, first + chunk, scale, out);
        if (path == isa::reference && chunk == 100) {
          reference = out;
          for (std::size_t i = 0; i < out.size(); ++i)
            for (std::size_t j = 0; j < out[i].size(); ++j)
              BOOST_REQUIRE_SMALL(out[i][j] - sequences[i].exact[j], tolerance);
        }
        for (std::size_t i = 0; i < out.size(); ++i)
          require_same_bits(out[i], reference[i],
                            "chunk " + std::to_string(chunk));
      }
    });
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(attention_is_exact_and_blind_to_chunks_and_batches) {
  check_attention({4, 4, 16, 0});
  check_attention({8, 2, 64, 0});
  check_attention({8, 1, 8, 0});
}

BOOST_AUTO_TEST_CASE(odd_head_sizes_and_groups_are_right) {
  check_attention({3, 1, 20, 0});
  check_attention({5, 5, 40, 0});
  check_attention({6, 2, 96, 0});
}

BOOST_AUTO_TEST_CASE(a_window_hides_older_tokens) {
  check_attention({4, 2, 32, 1});
  check_attention({4, 2, 32, 7});
  check_attention({4, 2, 32, 16});
  check_attention({4, 2, 32, 33});
  check_attention({4, 2, 32, 1000});
}

BOOST_AUTO_TEST_CASE(sinks_stay_in_sight_behind_a_window) {
  for (const std::uint32_t sinks : {1, 4, 16, 20, 40})
    for (const std::uint32_t window : {1, 9, 16, 30, 100})
      check_attention({4, 2, 32, window, kv_format::f32, sinks});
  check_attention({8, 1, 20, 13, kv_format::f16, 5});
}

BOOST_AUTO_TEST_CASE(sinks_without_a_window_change_nothing) {
  check_attention({4, 2, 32, 0, kv_format::f32, 4});
}

BOOST_AUTO_TEST_CASE(keys_and_values_in_f16_keep_all_promises) {
  check_attention({8, 2, 64, 0, kv_format::f16});
  check_attention({3, 1, 20, 0, kv_format::f16});
  check_attention({4, 2, 32, 7, kv_format::f16});
  check_attention({4, 2, 32, 33, kv_format::f16});
}

BOOST_AUTO_TEST_CASE(keys_and_values_in_int8_keep_all_promises) {
  for (const std::uint32_t head_dim : {8, 20, 32, 48, 64, 96})
    check_attention({4, 2, head_dim, 0, kv_format::int8});
  check_attention({8, 1, 64, 0, kv_format::int8});
  check_attention({4, 2, 32, 7, kv_format::int8});
  check_attention({4, 2, 32, 30, kv_format::int8, 5});
}

// A lone token has weight 1: its output is V as it was stored, half a step of
// 1/127 of its group's greatest magnitude away at most.
BOOST_AUTO_TEST_CASE(stored_values_are_rounded_to_int8_in_groups) {
  inputs in;
  std::vector<float> v(512);
  for (auto& x : v)
    x = std::ldexp(in.normal(), int(in.below(30)) - 15);
  std::fill_n(v.begin() + 64, 32, 0.0f);
  v[96] = 1e-35f; // too small to be told from nothing
  std::fill_n(v.begin() + 97, 31, 0.0f);
  auto want = v;
  round_to_int8(want, 512);
  want[96] = 0.0f;
  const attention_case c{1, 1, 512, 0, kv_format::int8};
  const sequence one{
      1, std::vector<float>(512), std::vector<float>(512), v, {}};
  on_every_path([&](backend& b, isa) {
    kv_store store(in, b, c, {one});
    std::vector<std::vector<float>> out(1);
    store.step({one}, 0, 1, 1.0f, out);
    for (std::size_t i = 0; i < v.size(); ++i)
      BOOST_REQUIRE_EQUAL(out[0][i], want[i]);
  });
}

BOOST_AUTO_TEST_CASE(what_is_not_a_number_stays_so_in_int8) {
  const attention_case c{1, 1, 32, 0, kv_format::int8};
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    std::vector<float> v(32, 1.0f);
    v[3] = bad;
    const sequence one{
        1, std::vector<float>(32), std::vector<float>(32), v, {}};
    on_every_path([&](backend& b, isa) {
      inputs in;
      kv_store store(in, b, c, {one});
      std::vector<std::vector<float>> out(1);
      store.step({one}, 0, 1, 1.0f, out);
      BOOST_TEST(!std::isfinite(out[0][3]));
    });
  }
}

BOOST_AUTO_TEST_CASE(half_the_memory_holds_keys_and_values_in_f16) {
  thread_pool pool(1);
  const auto b = make_cpu_backend(pool, isa::reference);
  BOOST_TEST(b->kv_floats(3, 2, 64, kv_format::f32) == 3u * 2 * 2 * 64 * 16);
  BOOST_TEST(b->kv_floats(3, 2, 64, kv_format::f16) == 3u * 2 * 64 * 16);
  // 9/16 of f16: a scale of 4 bytes for 32 elements.
  BOOST_TEST(b->kv_floats(3, 2, 64, kv_format::int8) == 3u * 2 * 36 * 16);
}

// A lone token has weight 1: its output is V as it was stored.
BOOST_AUTO_TEST_CASE(stored_values_are_rounded_to_the_nearest_f16) {
  inputs in;
  std::vector<float> v{0.0f,     -0.0f,        1.0f,           65504.0f,
                       65519.9f, 65520.0f,     -70000.0f,      0x1p-24f,
                       0x1p-25f, 0x1.1p-25f,   0x1.8p-24f,     0x1.ffcp-15f,
                       0x1p-14f, 0x1.ffep-15f, 1.00048828125f, 1.00146484375f};
  while (v.size() < 512)
    v.push_back(std::ldexp(in.normal(), int(in.below(44)) - 28));
  const attention_case c{1, 1, 512, 0, kv_format::f16};
  const sequence one{
      1, std::vector<float>(512), std::vector<float>(512), v, {}};
  on_every_path([&](backend& b, isa) {
    kv_store store(in, b, c, {one});
    std::vector<std::vector<float>> out(1);
    store.step({one}, 0, 1, 1.0f, out);
    for (std::size_t i = 0; i < v.size(); ++i)
      BOOST_REQUIRE_EQUAL(out[0][i], nearest_f16(v[i]));
  });
}

BOOST_AUTO_TEST_CASE(scores_far_apart_do_not_overflow) {
  inputs in;
  const attention_case c{1, 1, 16, 0};
  const std::vector<sequence> one{random_sequence(in, c, 40, 60.0f)};
  on_every_path([&](backend& b, isa) {
    kv_store store(in, b, c, one);
    std::vector<std::vector<float>> out(1);
    store.step(one, 0, 40, 60.0f, out);
    for (std::size_t j = 0; j < out[0].size(); ++j)
      BOOST_REQUIRE_SMALL(out[0][j] - one[0].exact[j], 2e-3);
  });
}

BOOST_AUTO_TEST_CASE(heads_beyond_the_limit_are_refused) {
  thread_pool pool(1);
  const auto b = make_cpu_backend(pool, isa::reference);
  BOOST_CHECK_EXCEPTION(
      b->attention(nullptr, nullptr, {}, {}, {1, 1, 1024, 0, 1.0f}),
      model_error, [](const model_error& e) {
        BOOST_TEST(e.what()
                   == "heads of 1024 elements are too long: at most 512");
        return true;
      });
}
