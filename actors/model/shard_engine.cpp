// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/shard_engine.hpp"

#include <optional>
#include <utility>

namespace sluice::actors {

namespace {

class shard_engine : public stage_engine {
public:
  shard_engine(model_assets_ptr assets,
               std::unique_ptr<device::backend> backend,
               const engine_settings& settings,
               const device::shard::progress& report)
      : assets_{std::move(assets)}, backend_{std::move(backend)},
        shard_{assets_->files,
               *backend_,
               settings.layers,
               settings.kv_blocks,
               report,
               settings.kv,
               device::loading::as_needed},
        counts_{settings.counts} {
    if (settings.tiers.host_blocks == 0 && settings.tiers.disk.empty())
      return;
    block_.resize(shard_.block_bytes());
    tiers_.emplace(settings.tiers, shard_.identity(), block_.size());
    count();
  }

  std::vector<float> forward(std::span<const device::sequence_step> steps,
                             std::vector<float>& hidden,
                             const device::row_sink& sink) override {
    return shard_.forward(steps, hidden, sink);
  }

  bool load_next() override { return shard_.load_next(); }

  void copy_block(std::uint32_t from, std::uint32_t to) override {
    shard_.copy_block(from, to);
  }

  void save_block(const block_transfer& one) override {
    if (!tiers_)
      return;
    shard_.save_block(one.block, block_);
    tiers_->save(one.key.bytes, block_);
    count();
  }

  void store_block(const block_transfer& one) override {
    if (!tiers_)
      return;
    shard_.save_block(one.block, block_);
    tiers_->store(one.key.bytes, block_);
    count();
  }

  bool load_block(const block_transfer& one) override {
    const bool here = tiers_ && tiers_->load(one.key.bytes, block_);
    if (here)
      shard_.load_block(one.block, block_);
    if (tiers_)
      count();
    return here;
  }

  std::vector<chain_key> stored() override {
    std::vector<chain_key> out;
    if (tiers_)
      for (const auto& key : tiers_->stored())
        out.push_back({key});
    return out;
  }

private:
  // Adds what happened since the last time. Hits are blocks of the whole model:
  // the first stage alone counts them.
  void count() {
    if (counts_ == nullptr)
      return;
    const auto now = tiers_->counts();
    const auto before = std::exchange(seen_, now);
    if (shard_.first()) {
      counts_->kv_host_hits.add(now.host_hits - before.host_hits);
      counts_->kv_disk_hits.add(now.disk_hits - before.disk_hits);
      counts_->kv_host_evictions.add(now.host_evicted - before.host_evicted);
      counts_->kv_disk_evictions.add(now.disk.evicted - before.disk.evicted);
    }
    counts_->kv_disk_errors.add(now.disk.errors - before.disk.errors);
    counts_->kv_disk_dropped.add(now.disk.dropped - before.disk.dropped);
    const auto change = [](std::uint64_t to, std::uint64_t from) {
      return static_cast<double>(to) - static_cast<double>(from);
    };
    counts_->kv_host_bytes.add(change(now.host_bytes, before.host_bytes));
    counts_->kv_disk_bytes.add(change(now.disk_bytes, before.disk_bytes));
  }

  model_assets_ptr assets_; // the shard's tensors lie in its files
  std::unique_ptr<device::backend> backend_;
  device::shard shard_;
  std::optional<device::kv_tiers> tiers_;
  std::vector<std::byte> block_; // one on its way
  model_metrics* counts_;
  device::kv_tier_counts seen_;
};

} // namespace

std::unique_ptr<stage_engine> make_shard_engine(
    model_assets_ptr assets, std::unique_ptr<device::backend> backend,
    const engine_settings& settings, const device::shard::progress& report) {
  return std::make_unique<shard_engine>(std::move(assets), std::move(backend),
                                        settings, report);
}

} // namespace sluice::actors
