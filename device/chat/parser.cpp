// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/parser.hpp"

#include "device/chat/nesting.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::device::jinja {

parser::parser(program& out)
    : out_(out), tokens_(tokenize(out.source, out.strings)) {}

void parser::run() {
  out_.body = parse_until({}, "", 1);
  if (!unknown_.empty())
    throw unknown_.front();
}

const token& parser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

token parser::take() {
  const token t = peek();
  if (t.kind != token_kind::end)
    ++at_;
  return t;
}

bool parser::is_symbol(std::string_view s) const {
  return peek().kind == token_kind::symbol && peek().text == s;
}

bool parser::is_name(std::string_view s) const {
  return peek().kind == token_kind::name && peek().text == s;
}

bool parser::accept_symbol(std::string_view s) {
  const bool found = is_symbol(s);
  at_ += found;
  return found;
}

bool parser::accept_name(std::string_view s) {
  const bool found = is_name(s);
  at_ += found;
  return found;
}

token parser::expect(token_kind kind, std::string_view what) {
  if (peek().kind != kind)
    unexpected(what);
  return take();
}

void parser::expect_symbol(std::string_view s) {
  if (!accept_symbol(s))
    unexpected("'" + std::string(s) + "'");
}

void parser::unexpected(std::string_view wanted) const {
  const token& t = peek();
  std::string found;
  switch (t.kind) {
  case token_kind::end:
    found = "the template ends";
    break;
  case token_kind::text:
    found = "unexpected text";
    break;
  case token_kind::string:
    found = "unexpected string '" + std::string(t.text.substr(0, 40)) + "'";
    break;
  default:
    found = "unexpected '" + std::string(t.text.substr(0, 40)) + "'";
  }
  fail(t.line, found + ", expected " + std::string(wanted));
}

void parser::fail(std::uint32_t line, std::string message) const {
  throw syntax_fault{line, std::move(message)};
}

symbol parser::intern(std::string_view name) {
  const auto [at, added] =
      ids_.try_emplace(name, static_cast<symbol>(out_.symbols.size()));
  if (added) {
    out_.symbols.push_back(name);
    uses_.push_back(0);
  }
  ++uses_[at->second];
  return at->second;
}

std::string suggestion(std::string_view name,
                       const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t least = std::min<std::size_t>(3, name.size() / 2 + 2);
  if (name.size() > 64)
    return "";
  for (std::string_view other : known) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 1; j <= other.size(); ++j) {
        const std::size_t swap = diagonal + (name[i - 1] != other[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, swap});
      }
    }
    if (row.back() < least) {
      least = row.back();
      best = other;
    }
  }
  return best.empty() ? "" : " (did you mean '" + std::string(best) + "'?)";
}

} // namespace sluice::device::jinja
