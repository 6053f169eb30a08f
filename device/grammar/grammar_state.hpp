// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where one document is in its grammar. Copyable and small: it moves with the
// request, and a copy can be tried out and thrown away. Used by the sampler.
#pragma once

#include "device/grammar/compiled_grammar.hpp"
#include "device/grammar/stack_pool.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::device {

class grammar_state {
public:
  /// At the beginning of a document.
  explicit grammar_state(std::shared_ptr<const compiled_grammar> grammar);

  /// Sets bit i of `bits` [vocabulary / 64, rounded up] if token i may come
  /// next, and clears it otherwise. End tokens have no content: see may_end.
  void mask(std::span<std::uint64_t> bits) const;

  /// Goes on by one token; false, and nothing changes, if it may not come.
  bool accept(std::int32_t token);
  /// The same for any bytes.
  bool accept(std::string_view bytes);

  /// The document may end here.
  bool may_end() const noexcept { return may_end_; }
  /// Nothing may follow: the document is complete.
  bool finished() const noexcept { return may_end_ && !goes_on_; }

  const compiled_grammar& grammar() const noexcept { return *grammar_; }

private:
  std::shared_ptr<const compiled_grammar> grammar_;
  stack_pool stacks_;
  std::vector<place> places_; // as reached by the last byte
  bool may_end_ = false;
  bool goes_on_ = true;
};

} // namespace sluice::device
