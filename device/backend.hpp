// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The operations that a transformer is made of, with the shape of every
// pointer. The transformer calls these and never asks which backend runs. cpu/
// has the reference (the specification, bit for bit) and fast paths that give
// the same bits; cuda/ will follow. Calls of one backend run in the order they
// are made.
//
// Determinism (docs/architecture.md). Every f32 sum over k of a matrix product
// is split into 8 chunks: chunk c is the blocks [c*b/8, (c+1)*b/8) of the b
// blocks of 32 elements of a row (the last block may be short). A chunk is
// summed in order of k; the 8 sums are added as the tree
// ((0+1)+(2+3)) + ((4+5)+(6+7)). So a row's result does not depend on the other
// rows, and 1, 2, 4 or 8 tensor-parallel ranks give the same bits.
#pragma once

#include "device/files/model_config.hpp"
#include "device/kv_format.hpp"
#include "device/tensor/tensor_view.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::device {

/// Tokens per KV block.
inline constexpr std::size_t block_tokens = 16;

/// In a block table: no block is held for these positions, because no token to
/// come can see them. Never read.
inline constexpr std::uint32_t no_block = 0xffffffff;

/// A weight matrix in the backend's own layout; made by backend::pack.
class weight_matrix {
public:
  virtual ~weight_matrix() = default;
  std::size_t rows = 0;    ///< n, outputs
  std::size_t columns = 0; ///< k, inputs
  std::size_t bytes = 0;   ///< memory that one product reads
};

/// Copies out.size() bytes of a tensor from `from` on. For any thread.
using tensor_reader =
    std::function<void(std::span<std::byte> out, const std::byte* from)>;

/// f32 memory of a backend.
class device_memory {
public:
  virtual ~device_memory() = default;
  virtual float* data() noexcept = 0;
  virtual std::size_t size() const noexcept = 0; ///< floats
};

/// One sequence's new tokens in an attention call.
struct attention_span {
  std::uint32_t row;   ///< first row of q, k, v and out
  std::uint32_t count; ///< new tokens, >= 1
  std::uint32_t start; ///< position of the first new token
  /// Block table, covers start + count positions; no_block where no new token
  /// sees any.
  const std::uint32_t* blocks;
};

/// K and V of one layer: `blocks` blocks of block_tokens tokens each. The inner
/// layout is the backend's own; bytes come from backend::kv_floats.
struct kv_view {
  float* data; ///< backend memory, kv_floats(...) floats
  std::uint32_t blocks;
  std::uint32_t kv_heads;
  std::uint32_t head_dim;
  kv_format format;
};

/// One of several matrices that the same inputs are multiplied with.
struct product {
  float* y; ///< [rows, n]
  const weight_matrix* weights;
  const float* bias; ///< [n] or null
};

struct attention_shape {
  std::uint32_t heads;
  std::uint32_t kv_heads;
  std::uint32_t head_dim;
  std::uint32_t window; ///< the last so many positions; 0: all
  float scale;
  std::uint32_t sinks = 0; ///< with a window: positions [0, sinks) as well
};

/// Operations of one device. Not thread-safe: one caller at a time.
class backend {
public:
  virtual ~backend() = default;
  virtual std::string_view name() const noexcept = 0;

  /// `floats` of memory, zeroed.
  virtual std::unique_ptr<device_memory> allocate(std::size_t floats) = 0;
  /// Copies host floats in and out; returns when the data is there.
  virtual void write(float* device, std::span<const float> host) = 0;
  virtual void read(std::span<float> host, const float* device) = 0;

  /// Packs the matrix [n, k] for `matmul`. Takes its bytes through `read`, if
  /// there is one, else where they lie. Throws what `read` throws.
  virtual std::unique_ptr<weight_matrix>
  pack(const tensor_view& weights, const tensor_reader& read = {}) = 0;

  /// out[i, :] = scale * row ids[i] of table. out [ids.size(), columns].
  virtual void embed(float* out, const tensor_view& table,
                     std::span<const std::int32_t> ids, float scale) = 0;

  /// out[r, :] = x[r, :] / rms(x[r, :]) * weight. x, out [rows, n]; weight [n].
  /// out may be x. Also norms heads: rows * heads rows of head_dim.
  virtual void rms_norm(float* out, const float* x, const float* weight,
                        float epsilon, std::size_t rows, std::size_t n) = 0;

  /// For each product y[r, j] = sum_k x[r, k] * w[j, k] (+ bias[j]), all with
  /// the same x [rows, k].
  virtual void matmul(std::span<const product> products, const float* x,
                      std::size_t rows) = 0;
  /// One product.
  void matmul(float* y, const weight_matrix& w, const float* x,
              const float* bias, std::size_t rows) {
    const product one{y, &w, bias};
    matmul(std::span(&one, 1), x, rows);
  }

  /// Rotates heads in place. x [rows, heads, head_dim]; positions [rows].
  virtual void rope(float* x, const rope_config& config,
                    std::span<const std::uint32_t> positions, std::size_t heads,
                    std::size_t head_dim) = 0;

  /// Floats that K and V of one layer take for `blocks` blocks.
  virtual std::size_t kv_floats(std::uint32_t blocks, std::uint32_t kv_heads,
                                std::uint32_t head_dim,
                                kv_format format) const = 0;

  /// Stores k and v [rows, kv_heads, head_dim] of the spans' tokens.
  virtual void store_kv(const kv_view& kv, const float* k, const float* v,
                        std::span<const attention_span> spans) = 0;

  /// Bytes of one block outside of the pool, K and V of one layer: per KV head
  /// K [head_dim][block_tokens], then V [block_tokens][head_dim rounded up to
  /// 16], little-endian elements of the format. With int8, g groups of 32
  /// elements per head (zeros behind the last one): f32 scales of K
  /// [g][block_tokens], K + 128 as bytes [8 g][block_tokens][4], scales of V as
  /// of K, V [block_tokens][32 g]. The same for every backend.
  virtual std::size_t kv_block_bytes(std::uint32_t kv_heads,
                                     std::uint32_t head_dim,
                                     kv_format format) const = 0;

  /// Copies a block of the pool onto another one.
  virtual void copy_kv_block(const kv_view& kv, std::uint32_t from,
                             std::uint32_t to) = 0;

  /// Copies a block out of the pool and into it; kv_block_bytes bytes.
  virtual void read_kv_block(std::span<std::byte> out, const kv_view& kv,
                             std::uint32_t block) = 0;
  virtual void write_kv_block(const kv_view& kv, std::uint32_t block,
                              std::span<const std::byte> bytes) = 0;

  /// Causal attention of the new tokens over the stored ones (store_kv first)
  /// that the shape's window and sinks leave in sight. q, out [rows, heads,
  /// head_dim]. A row's bits depend only on its own sequence, not on how its
  /// prompt was cut into chunks.
  virtual void attention(float* out, const float* q, const kv_view& kv,
                         std::span<const attention_span> spans,
                         const attention_shape& shape) = 0;

  /// out[i] = act(gate[i]) * up[i], i < n.
  virtual void gated(float* out, const float* gate, const float* up,
                     activation act, std::size_t n) = 0;

  /// x[i] += y[i], i < n.
  virtual void add(float* x, const float* y, std::size_t n) = 0;

  /// out[i, :] = x[rows[i], :]. x [*, n]; out [rows.size(), n].
  virtual void gather_rows(float* out, const float* x,
                           std::span<const std::uint32_t> rows,
                           std::size_t n) = 0;

  /// x[rows[i], :] += weights[i] * y[i, :]. y [rows.size(), n]; x [*, n].
  virtual void scatter_add_rows(float* x, const float* y,
                                std::span<const std::uint32_t> rows,
                                std::span<const float> weights,
                                std::size_t n) = 0;

  /// x[i] = cap * tanh(x[i] / cap), i < n.
  virtual void softcap(float* x, float cap, std::size_t n) = 0;
};

} // namespace sluice::device
