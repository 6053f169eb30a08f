// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Who is next among tenants: the one that was served least. Each tenant has a
// counter of the tokens computed for it; one that comes back after a pause
// starts no lower than the least served tenant that is here, so that nobody
// saves up turns (virtual token counter, Sheng et al. 2024). Used by the batch
// scheduler; knows no sequence.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace sluice::actors {

class fair_share {
public:
  /// A sequence of `tenant` came, or went. Each join needs its leave.
  void join(const std::string& tenant);
  void leave(const std::string& tenant);

  /// `tokens` were computed for `tenant`, which is here.
  void charge(const std::string& tenant, std::uint64_t tokens);

  /// What `tenant`, which is here, was served; comparable between tenants.
  std::uint64_t served(const std::string& tenant) const;

  /// Tenants that are remembered: those here, and those gone that had more
  /// than others still have. Nobody is remembered once all are gone.
  std::size_t tenants() const noexcept { return tenants_.size(); }

private:
  struct account {
    std::uint64_t served = 0;
    std::uint32_t sequences = 0;
  };

  std::uint64_t least() const;

  std::unordered_map<std::string, account> tenants_;
  std::size_t here_ = 0; // tenants with sequences
};

} // namespace sluice::actors
