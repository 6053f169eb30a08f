// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A compiled Unicode pattern (PCRE2). Used by the pretokenizers and
// normalizers; knows nothing of tokens. A pattern is immutable and shared by
// threads; each thread brings its own match_space.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::device {

/// Memory one thread needs to match: owner of PCRE2 match data.
class match_space {
public:
  match_space();
  ~match_space();
  match_space(match_space&&) noexcept;
  match_space& operator=(match_space&&) noexcept;

private:
  friend class regex;
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Where a pattern matched: bytes [begin, end) of the subject.
struct match_range {
  std::size_t begin;
  std::size_t end;
};

class regex {
public:
  /// Throws model_error with the pattern, PCRE2's reason and its offset.
  explicit regex(std::string_view pattern);
  ~regex();
  regex(regex&&) noexcept;
  regex& operator=(regex&&) noexcept;

  /// First match at or after byte `from`. `subject` must be valid UTF-8 and
  /// `from` the start of a character. Throws model_error when the pattern
  /// exceeds PCRE2's limits on this subject.
  std::optional<match_range> find(std::string_view subject, std::size_t from,
                                  match_space& space) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::device
