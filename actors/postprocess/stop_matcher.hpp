// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Finds stop strings in text that arrives in pieces, and holds back what may
// be the beginning of one. Pure; one per answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::actors {

class stop_matcher {
public:
  /// Empty stop strings are ignored.
  explicit stop_matcher(std::vector<std::string> stops);

  /// Takes the next piece and returns what can be shown now. After a stop
  /// string was found (the earliest in the text), nothing more comes out.
  std::string push(std::string_view piece);

  /// The answer ended otherwise: what was held back.
  std::string finish();

  bool stopped() const noexcept { return stopped_; }
  /// The stop string that was found; "" before. Of several at one place the
  /// one that was given first.
  const std::string& found() const noexcept { return found_; }

private:
  std::vector<std::string> stops_;
  std::string held_; // suffix of the text: a proper prefix of a stop string
  std::string found_;
  bool stopped_ = false;
};

} // namespace sluice::actors
