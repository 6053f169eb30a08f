// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/cpu_backend.hpp"

#include "device/cpu/cpu_products.hpp"
#include "device/cpu/kernels.hpp"
#include "device/cpu/packing.hpp"
#include "device/cpu/rope_table.hpp"
#include "device/error.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace sluice::device {

namespace {

// Less work than this (floats touched) is done by the calling thread alone.
constexpr std::size_t elements_per_part = 8192;
// Query rows (tokens times heads) of one attention part.
constexpr std::size_t queries_per_part = 32;

class host_memory final : public device_memory {
public:
  explicit host_memory(std::size_t floats) : memory_(floats * sizeof(float)) {}
  float* data() noexcept override {
    return reinterpret_cast<float*>(memory_.data());
  }
  std::size_t size() const noexcept override {
    return memory_.size() / sizeof(float);
  }

private:
  page_memory memory_;
};

/// Floats of K and V of a block and head. V rows are padded to whole vectors.
std::size_t head_floats(std::uint32_t head_dim, kv_format format) {
  // Per group of 32: a scale and 32 bytes, for K and for V.
  if (format == kv_format::int8)
    return (std::size_t(head_dim) + 31) / 32 * block_tokens * 2 * (1 + 32 / 4);
  const std::size_t padded = (std::size_t(head_dim) + 15) / 16 * 16;
  const std::size_t elements = block_tokens * (head_dim + padded);
  return format == kv_format::f16 ? elements / 2 : elements;
}

std::size_t blocks_of(std::size_t positions) {
  return (positions + block_tokens - 1) / block_tokens;
}

/// The blocks that tokens [first, last) of a sequence see: `sinks` ones from
/// the front, and [begin, end).
struct seen_blocks {
  std::size_t sinks;
  std::size_t begin;
  std::size_t end;
};

seen_blocks seen_by(std::size_t first, std::size_t last, std::size_t window,
                    std::size_t sinks) {
  const std::size_t from =
      window != 0 && first + 1 > window ? first + 1 - window : 0;
  const std::size_t begin = from / block_tokens;
  return {std::min(blocks_of(sinks), begin), begin, blocks_of(last)};
}

/// Positions that the tokens of a task see, in whole blocks.
std::size_t scores_of(const attention_task& t) {
  const auto seen =
      seen_by(t.start + t.first, t.start + t.last, t.window, t.sinks);
  return (seen.sinks + seen.end - seen.begin) * block_tokens;
}

[[maybe_unused]] bool holds_what_it_sees(const attention_span& span,
                                         const attention_shape& shape,
                                         std::uint32_t blocks) {
  const auto seen = seen_by(span.start, std::size_t{span.start} + span.count,
                            shape.window, shape.sinks);
  const auto held = [&](std::uint32_t block) { return block < blocks; };
  return std::all_of(span.blocks, span.blocks + seen.sinks, held)
         && std::all_of(span.blocks + seen.begin, span.blocks + seen.end, held);
}

class cpu_backend final : public backend {
public:
  cpu_backend(thread_pool& pool, isa path)
      : pool_(pool), kernels_(kernels_for(path)), products_(pool, kernels_),
        name_("cpu " + std::string(device::name(path))) {}

  std::string_view name() const noexcept override { return name_; }

  std::unique_ptr<device_memory> allocate(std::size_t floats) override {
    return std::make_unique<host_memory>(floats);
  }
  void write(float* device, std::span<const float> host) override {
    std::copy(host.begin(), host.end(), device);
  }
  void read(std::span<float> host, const float* device) override {
    std::copy_n(device, host.size(), host.begin());
  }
  std::unique_ptr<weight_matrix> pack(const tensor_view& weights,
                                      const tensor_reader& read) override {
    return pack_weights(weights, pool_, read);
  }

  void embed(float* out, const tensor_view& table,
             std::span<const std::int32_t> ids, float scale) override;
  void rms_norm(float* out, const float* x, const float* weight, float epsilon,
                std::size_t rows, std::size_t n) override;
  void matmul(std::span<const product> products, const float* x,
              std::size_t rows) override {
    products_.run(products, x, rows);
  }
  void rope(float* x, const rope_config& config,
            std::span<const std::uint32_t> positions, std::size_t heads,
            std::size_t head_dim) override;
  std::size_t kv_floats(std::uint32_t blocks, std::uint32_t kv_heads,
                        std::uint32_t head_dim,
                        kv_format format) const override {
    return blocks * (kv_heads * head_floats(head_dim, format));
  }
  void store_kv(const kv_view& kv, const float* k, const float* v,
                std::span<const attention_span> spans) override;
  std::size_t kv_block_bytes(std::uint32_t kv_heads, std::uint32_t head_dim,
                             kv_format format) const override {
    return kv_floats(1, kv_heads, head_dim, format) * sizeof(float);
  }
  void copy_kv_block(const kv_view& kv, std::uint32_t from,
                     std::uint32_t to) override {
    std::memcpy(block_of(kv, to), block_of(kv, from), bytes_of(kv));
  }
  void read_kv_block(std::span<std::byte> out, const kv_view& kv,
                     std::uint32_t block) override {
    assert(out.size() == bytes_of(kv));
    std::memcpy(out.data(), block_of(kv, block), out.size());
  }
  void write_kv_block(const kv_view& kv, std::uint32_t block,
                      std::span<const std::byte> bytes) override {
    assert(bytes.size() == bytes_of(kv));
    std::memcpy(block_of(kv, block), bytes.data(), bytes.size());
  }
  void attention(float* out, const float* q, const kv_view& kv,
                 std::span<const attention_span> spans,
                 const attention_shape& shape) override;
  void gated(float* out, const float* gate, const float* up, activation act,
             std::size_t n) override;
  void add(float* x, const float* y, std::size_t n) override;
  void gather_rows(float* out, const float* x,
                   std::span<const std::uint32_t> rows, std::size_t n) override;
  void scatter_add_rows(float* x, const float* y,
                        std::span<const std::uint32_t> rows,
                        std::span<const float> weights, std::size_t n) override;
  void softcap(float* x, float cap, std::size_t n) override;

private:
  /// Calls f(first, last) on ranges of [0, count) that the pool shares out;
  /// an item touches `weight` floats.
  template <class F>
  void split(std::size_t count, std::size_t weight, F f) {
    const std::size_t most =
        std::max<std::size_t>(1, count * weight / elements_per_part);
    const std::size_t parts =
        std::min({count, most, std::size_t(4) * pool_.threads()});
    pool_.run(parts, [&](std::size_t part) {
      f(part * count / parts, (part + 1) * count / parts);
    });
  }

  std::size_t bytes_of(const kv_view& kv) const {
    return kv_block_bytes(kv.kv_heads, kv.head_dim, kv.format);
  }
  float* block_of(const kv_view& kv, std::uint32_t block) const {
    assert(block < kv.blocks);
    return kv.data + kv_floats(block, kv.kv_heads, kv.head_dim, kv.format);
  }
  rope_table& table_for(const rope_config& config);

  thread_pool& pool_;
  const kernel_table& kernels_;
  std::deque<rope_table> ropes_;
  cpu_products products_;
  std::string name_;
  std::vector<attention_task> tasks_;
  std::vector<kv_token> tokens_;
};

void cpu_backend::embed(float* out, const tensor_view& table,
                        std::span<const std::int32_t> ids, float scale) {
  const std::size_t n = table.columns();
  for (auto id : ids)
    if (id < 0 || std::size_t(id) >= table.rows())
      throw model_error("token " + std::to_string(id)
                        + " is outside the "
                          "vocabulary of "
                        + std::to_string(table.rows()));
  split(ids.size(), n, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      float* row = out + i * n;
      dequantize_row(table, std::size_t(ids[i]), std::span(row, n));
      if (scale != 1.0f)
        for (std::size_t j = 0; j < n; ++j)
          row[j] *= scale;
    }
  });
}

void cpu_backend::rms_norm(float* out, const float* x, const float* weight,
                           float epsilon, std::size_t rows, std::size_t n) {
  split(rows, n, [&](std::size_t first, std::size_t last) {
    kernels_.rms_norm(out + first * n, x + first * n, weight, epsilon,
                      last - first, n);
  });
}

rope_table& cpu_backend::table_for(const rope_config& config) {
  for (auto& table : ropes_)
    if (table.serves(config))
      return table;
  return ropes_.emplace_back(config);
}

void cpu_backend::rope(float* x, const rope_config& config,
                       std::span<const std::uint32_t> positions,
                       std::size_t heads, std::size_t head_dim) {
  if (positions.empty())
    return;
  assert(config.dimensions <= head_dim);
  auto& table = table_for(config);
  table.reserve(
      std::size_t(*std::max_element(positions.begin(), positions.end())) + 1);
  split(positions.size(), heads * head_dim,
        [&](std::size_t first, std::size_t last) {
          for (std::size_t row = first; row < last; ++row)
            for (std::size_t head = 0; head < heads; ++head)
              kernels_.rope(x + (row * heads + head) * head_dim,
                            table.cosine(positions[row]),
                            table.sine(positions[row]), config.dimensions,
                            config.pairs);
        });
}

void cpu_backend::store_kv(const kv_view& kv, const float* k, const float* v,
                           std::span<const attention_span> spans) {
  const std::size_t row_floats = std::size_t(kv.kv_heads) * kv.head_dim;
  tokens_.clear();
  for (const auto& span : spans)
    for (std::uint32_t i = 0; i < span.count; ++i) {
      const std::uint32_t position = span.start + i;
      const std::uint32_t block = span.blocks[position / block_tokens];
      const std::size_t offset = (span.row + i) * row_floats;
      tokens_.push_back({.format = kv.format,
                         .block = block_of(kv, block),
                         .slot = std::uint32_t(position % block_tokens),
                         .k = k + offset,
                         .v = v + offset,
                         .kv_heads = kv.kv_heads,
                         .head_dim = kv.head_dim});
    }
  split(tokens_.size(), 4 * row_floats,
        [&](std::size_t first, std::size_t last) {
          for (std::size_t i = first; i < last; ++i)
            kernels_.store_token(tokens_[i]);
        });
}

void cpu_backend::attention(float* out, const float* q, const kv_view& kv,
                            std::span<const attention_span> spans,
                            const attention_shape& shape) {
  const std::uint32_t group = shape.heads / shape.kv_heads;
  const std::size_t row_floats = std::size_t(shape.heads) * shape.head_dim;
  const auto tokens = static_cast<std::uint32_t>(
      std::max<std::size_t>(1, queries_per_part / group));
  if (shape.head_dim > max_head_dim)
    throw model_error("heads of " + std::to_string(shape.head_dim)
                      + " elements are too long: at most "
                      + std::to_string(max_head_dim));
  tasks_.clear();
  for (const auto& span : spans) {
    assert(holds_what_it_sees(span, shape, kv.blocks));
    for (std::uint32_t first = 0; first < span.count; first += tokens)
      for (std::uint32_t head = 0; head < shape.kv_heads; ++head) {
        const std::size_t offset =
            span.row * row_floats + std::size_t(head) * group * shape.head_dim;
        tasks_.push_back({.format = kv.format,
                          .kv = kv.data,
                          .scores = nullptr,
                          .blocks = span.blocks,
                          .q = q + offset,
                          .out = out + offset,
                          .row_stride = row_floats,
                          .start = span.start,
                          .first = first,
                          .last = std::min(span.count, first + tokens),
                          .kv_head = head,
                          .kv_heads = shape.kv_heads,
                          .group = group,
                          .head_dim = shape.head_dim,
                          .window = shape.window,
                          .sinks = shape.sinks,
                          .scale = shape.scale});
      }
  }
  // The last parts of a prompt see the most tokens: hand them out first.
  pool_.run(tasks_.size(), [&](std::size_t part) {
    auto& task = tasks_[tasks_.size() - 1 - part];
    // Freed after every part, so that no thread holds the scores of a long
    // context for good.
    const auto scores = std::make_unique_for_overwrite<float[]>(
        scores_of(task) * attention_rows);
    task.scores = scores.get();
    kernels_.attention(task);
  });
}

void cpu_backend::gated(float* out, const float* gate, const float* up,
                        activation act, std::size_t n) {
  split(n, 4, [&](std::size_t first, std::size_t last) {
    kernels_.gated(out + first, gate + first, up + first, act, last - first);
  });
}

void cpu_backend::add(float* x, const float* y, std::size_t n) {
  split(n, 1, [&](std::size_t first, std::size_t last) {
    kernels_.add(x + first, y + first, last - first);
  });
}

void cpu_backend::gather_rows(float* out, const float* x,
                              std::span<const std::uint32_t> rows,
                              std::size_t n) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(out + i * n, x + rows[i] * n, n * sizeof(float));
}

void cpu_backend::scatter_add_rows(float* x, const float* y,
                                   std::span<const std::uint32_t> rows,
                                   std::span<const float> weights,
                                   std::size_t n) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    kernels_.add_scaled(x + rows[i] * n, y + i * n, weights[i], n);
}

void cpu_backend::softcap(float* x, float cap, std::size_t n) {
  split(n, 4, [&](std::size_t first, std::size_t last) {
    kernels_.softcap(x + first, cap, last - first);
  });
}

} // namespace

std::unique_ptr<backend> make_cpu_backend(thread_pool& pool, isa path) {
  return std::make_unique<cpu_backend>(pool, path);
}

} // namespace sluice::device
