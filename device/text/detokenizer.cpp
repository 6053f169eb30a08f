// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/detokenizer.hpp"

#include "device/text/utf8.hpp"

namespace sluice::device {

detokenizer::detokenizer(const tokenizer& tokens, bool specials, bool continues)
    : tokens_(&tokens), specials_(specials),
      first_(!continues && tokens.drops_leading_space()) {}

std::string detokenizer::push(std::int32_t id) {
  pending_ += tokens_->piece(id, specials_);
  if (first_ && !pending_.empty()) {
    if (pending_.front() == ' ')
      pending_.erase(0, 1);
    first_ = false;
  }
  std::string text;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const auto whole = valid_utf8_prefix(rest);
    text.append(rest.substr(0, whole));
    rest.remove_prefix(whole);
    const auto unit = read_utf8(rest);
    if (unit.state == utf8_state::incomplete)
      break;
    if (unit.state == utf8_state::invalid) {
      text += replacement_character;
      rest.remove_prefix(unit.length);
    }
  }
  pending_.erase(0, pending_.size() - rest.size());
  return text;
}

std::string detokenizer::finish() {
  const bool held = !pending_.empty();
  pending_.clear();
  return held ? std::string(replacement_character) : std::string();
}

} // namespace sluice::device
