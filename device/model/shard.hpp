// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A range of a model's layers on one backend, with the KV blocks of those
// layers: what a stage runs. The first shard embeds tokens, the last one makes
// logits; between them hidden states pass. Knows no actor and no scheduler.
#pragma once

#include "device/backend.hpp"
#include "device/files/model_files.hpp"
#include "device/kv/kv_identity.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace sluice::device {

/// How a model's K and V are held, and which of them attention sees.
struct kv_options {
  std::optional<kv_format> format = {}; ///< else kv_format_of the files
  /// Layers see the last `window` positions at most; 0: as trained. Narrower
  /// windows of the model's own stay.
  std::uint32_t window = 0;
  std::uint32_t sinks = 0; ///< where `window` applies, positions [0, sinks) too
};

/// When a shard packs its weights.
enum class loading : std::uint8_t {
  at_once,  ///< the constructor packs them all
  as_needed ///< load_next, or forward when it comes to a layer
};

/// What a row handed out holds. Numbers travel.
enum class row_kind : std::uint8_t {
  logits = 0, ///< [vocabulary]
  states = 1, ///< [width], behind the last norm
};

/// Tokens of a step whose rows are handed out, besides `outputs`.
struct row_range {
  row_kind kind = row_kind::logits;
  std::uint32_t first = 0; ///< within the step's tokens
  std::uint32_t count = 0;
};

/// Some consecutive rows of a row_range.
struct row_slice {
  std::size_t step = 0;          ///< index among the steps
  std::uint32_t first = 0;       ///< the token of the first row, in the step
  std::uint32_t count = 0;       ///< >= 1
  std::span<const float> values; ///< [count, vocabulary or width]
};

/// Takes the rows of all row_ranges, slice by slice: steps in order, rows in
/// order.
using row_sink = std::function<void(const row_slice&)>;

/// Rows of logits in one slice at most, so that a long prompt's logits never
/// are in memory all at once.
inline constexpr std::uint32_t slice_rows = 32;

/// One sequence's part of a forward pass.
struct sequence_step {
  std::vector<std::int32_t> tokens; ///< new tokens, >= 1
  std::uint32_t start = 0;          ///< position of tokens[0]
  /// Block table up to start + tokens; no_block where nothing is seen.
  std::vector<std::uint32_t> blocks;
  std::uint32_t outputs = 0; ///< logits wanted for the last `outputs` tokens
  row_range read = {};       ///< rows for the row_sink
};

/// Layers, weights and KV storage. Not thread-safe.
class shard {
public:
  /// Called at first and after each loaded layer with bytes done and bytes in
  /// all.
  using progress = std::function<void(std::uint64_t, std::uint64_t)>;

  /// `kv_blocks` blocks of block_tokens tokens are held per layer. `files` must
  /// outlive the shard. Throws model_error.
  shard(const model_files& files, backend& device, layer_range layers,
        std::uint32_t kv_blocks, const progress& report = {},
        const kv_options& options = {}, loading when = loading::at_once);
  ~shard();
  shard(shard&&) noexcept;

  bool first() const noexcept; ///< embeds tokens
  bool last() const noexcept;  ///< makes logits

  /// With loading::as_needed: packs the next layer. False when all are packed.
  /// Throws model_error.
  bool load_next();

  /// Runs the layers on all new tokens of `steps`, in order.
  /// `hidden` [total new tokens, width], host memory: input unless first(),
  /// output unless last() (then untouched). Returns logits
  /// [sum of outputs, vocabulary] for the last shard, else an empty vector.
  /// The last shard hands rows that steps want read to `sink`, whose
  /// exceptions pass.
  std::vector<float> forward(std::span<const sequence_step> steps,
                             std::vector<float>& hidden,
                             const row_sink& sink = {});

  /// Copies K and V of all layers of a block onto another one.
  void copy_block(std::uint32_t from, std::uint32_t to);

  /// Whose blocks these are. The first call may read all of the model's files.
  kv_identity identity() const;
  /// Bytes of one block's K and V over this shard's layers.
  std::size_t block_bytes() const noexcept;
  /// Copies a block out of the pool or into it; block_bytes() bytes, layer
  /// after layer as backend::kv_block_bytes says.
  void save_block(std::uint32_t block, std::span<std::byte> out) const;
  void load_block(std::uint32_t block, std::span<const std::byte> bytes);

  /// A block as a value that another shard with the same identity() takes,
  /// wherever its pool holds it: the identity, then the bytes of save_block.
  std::vector<std::byte> export_block(std::uint32_t block) const;
  /// Takes an exported block. Throws model_error when it is not of this model,
  /// these layers and this format, or not whole.
  void import_block(std::uint32_t block, std::span<const std::byte> bytes);

  /// Weight bytes that one pass over this shard reads, once it is loaded.
  std::uint64_t weight_bytes() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// How a model's K and V are stored: f32 if its matrices are f32, else f16.
/// Half the memory, and what llama.cpp does, so that quantised models round
/// alike.
kv_format kv_format_of(const model_files& files);

/// Bytes that K and V of one KV block take over all layers, without what a
/// backend may add to fill up its vectors.
std::uint64_t kv_block_bytes(const model_config& config, kv_format format);

/// Cuts `layers` into `stages` ranges of nearly equal size; stages <= layers.
std::vector<layer_range> split_layers(std::uint32_t layers,
                                      std::uint32_t stages);

} // namespace sluice::device
