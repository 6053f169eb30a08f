// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/label_rules.hpp"

#include "actors/preprocess/pii_finder.hpp"
#include "device/error.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace sluice::actors {

namespace {

std::shared_ptr<const RE2> compile(const std::string& label,
                                   const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto made = std::make_shared<const RE2>(pattern, options);
  if (!made->ok())
    throw device::model_error("label '" + label + "': pattern '" + pattern
                              + "' cannot be used: " + made->error());
  return made;
}

std::string any_of(const std::vector<std::string>& words) {
  std::string pattern = "(?i)(?:^|[^\\pL\\pN_])(?:";
  for (const auto& word : words) {
    if (&word != &words.front())
      pattern += '|';
    pattern += RE2::QuoteMeta(word);
  }
  return pattern + ")(?:$|[^\\pL\\pN_])";
}

} // namespace

label_rules::label_rules(const std::vector<label_rule>& rules) {
  for (const auto& rule : rules) {
    if (rule.as.empty())
      throw device::model_error("a label rule names no label (field 'as')");
    if (!rule.find.empty() && rule.find != "pii")
      throw device::model_error("label '" + rule.as + "': no finder '"
                                + rule.find + "' (known: pii)");
    if (rule.find.empty() && rule.words.empty() && rule.pattern.empty())
      throw device::model_error("label '" + rule.as
                                + "': needs find, words or pattern");
    compiled one{rule.as, rule.find == "pii", nullptr, nullptr};
    if (!rule.words.empty())
      one.words = compile(rule.as, any_of(rule.words));
    if (!rule.pattern.empty())
      one.pattern = compile(rule.as, rule.pattern);
    rules_.push_back(std::move(one));
  }
}

std::vector<std::string> label_rules::find(std::string_view text) const {
  const re2::StringPiece piece{text.data(), text.size()};
  std::vector<std::string> labels;
  for (const auto& rule : rules_) {
    if (std::ranges::count(labels, rule.as) > 0)
      continue;
    if ((rule.pii && find_pii(text))
        || (rule.words && RE2::PartialMatch(piece, *rule.words))
        || (rule.pattern && RE2::PartialMatch(piece, *rule.pattern)))
      labels.push_back(rule.as);
  }
  return labels;
}

} // namespace sluice::actors
