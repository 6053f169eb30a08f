// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/grammar_state.hpp"

#include "device/grammar/place_set.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

void allow(const frame_tokens& tokens, std::span<std::uint64_t> bits) {
  for (std::size_t i = 0; i < tokens.bits.size(); ++i)
    bits[i] |= tokens.bits[i];
  for (const auto id : tokens.tokens) {
    const auto index = static_cast<std::size_t>(id);
    bits[index / 64] |= std::uint64_t{1} << (index % 64);
  }
}

} // namespace

grammar_state::grammar_state(std::shared_ptr<const compiled_grammar> grammar)
    : grammar_{std::move(grammar)}, places_{{grammar_->rules().root,
                                             stack_bottom}} {
  may_end_ = grammar_->rules().states[grammar_->rules().root].moves.accepting;
}

void grammar_state::mask(std::span<std::uint64_t> bits) const {
  std::ranges::fill(bits, 0);
  for (const auto& at : places_) {
    auto tokens = grammar_->tokens_in(at.state);
    allow(*tokens, bits);
    // Tokens that go beyond the end of a rule go on in its caller.
    for (auto stack = at.stack;
         stack != stack_bottom && !tokens->leaves.empty();
         stack = stacks_.below(stack)) {
      tokens = grammar_->tokens_after(*tokens, stacks_.top(stack));
      allow(*tokens, bits);
    }
  }
}

bool grammar_state::accept(std::int32_t token) {
  const auto known = grammar_->trie().vocabulary();
  if (token < 0 || static_cast<std::size_t>(token) >= known)
    return false;
  const auto bytes = grammar_->trie().piece(token);
  return !bytes.empty() && accept(bytes);
}

bool grammar_state::accept(std::string_view bytes) {
  if (bytes.empty())
    return true;
  const auto& rules = grammar_->rules();
  auto places = places_;
  auto opened = open(rules, stacks_, places);
  for (const char c : bytes) {
    places = step(rules, opened.places, static_cast<std::uint8_t>(c));
    if (places.empty())
      break;
    opened = open(rules, stacks_, places);
  }
  const bool taken = !places.empty();
  if (taken) {
    places_ = std::move(places);
    may_end_ = opened.leaves;
    goes_on_ = !opened.places.empty();
  }
  stacks_.keep_only(places_);
  return taken;
}

} // namespace sluice::device
