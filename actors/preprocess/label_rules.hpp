// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which labels a text gets: by words, by pattern, or by the finder of personal
// data. Used by preprocess; labels then steer routers and guard links. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace sluice::actors {

/// Text in which anything of this is found gets the label `as`.
struct label_rule {
  std::string as;
  std::string find;               ///< "pii", or ""
  std::vector<std::string> words; ///< whole words, any case
  std::string pattern;            ///< RE2 syntax, or ""
};

class label_rules {
public:
  /// Throws device::model_error naming a rule that labels or finds nothing, or
  /// has a finder or pattern that does not exist or parse.
  explicit label_rules(const std::vector<label_rule>& rules);

  /// Labels of all rules that match, in the rules' order, each once.
  std::vector<std::string> find(std::string_view text) const;

private:
  struct compiled {
    std::string as;
    bool pii = false;
    std::shared_ptr<const re2::RE2> words;   // or null
    std::shared_ptr<const re2::RE2> pattern; // or null
  };
  std::vector<compiled> rules_;
};

} // namespace sluice::actors
