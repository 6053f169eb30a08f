// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/lexer.hpp"

#include "device/chat/expression_lexer.hpp"
#include "device/chat/python_text.hpp"

namespace sluice::device::jinja {

namespace {

constexpr auto npos = std::string_view::npos;

class lexer {
public:
  lexer(std::string_view source, std::deque<std::string>& strings)
      : source_(source), strings_(strings) {}

  std::vector<token> run();

private:
  char at(std::size_t i) const { return i < source_.size() ? source_[i] : 0; }
  bool starts(std::size_t i, std::string_view what) const {
    return source_.substr(std::min(i, source_.size())).starts_with(what);
  }
  std::size_t skip_space(std::size_t i) const;
  std::size_t find_tag() const;
  void advance(std::size_t to);
  void emit(token_kind kind, std::string_view text);
  void emit_text(std::string_view text, char sign, bool may_lstrip);
  void comment(std::size_t begin);
  bool raw_begin(std::size_t i, std::size_t& end) const;
  void raw(std::size_t begin);
  void tag(std::size_t begin, bool block);
  std::size_t tag_end(std::size_t i, bool block) const;
  std::size_t after_block(std::size_t i, char sign) const;

  std::string_view source_;
  std::deque<std::string>& strings_;
  std::vector<token> out_;
  std::size_t pos_ = 0;
  std::uint32_t line_ = 1;
  bool line_starting_ = true;
};

std::size_t lexer::skip_space(std::size_t i) const {
  while (i < source_.size()) {
    const auto [c, n] = decode(source_, i);
    if (!is_space(c))
      break;
    i += n;
  }
  return i;
}

/// Moves to `to`, counting lines; what was passed ends a token.
void lexer::advance(std::size_t to) {
  if (to > pos_)
    line_starting_ = source_[to - 1] == '\n';
  for (; pos_ < to; ++pos_)
    line_ += source_[pos_] == '\n';
}

void lexer::emit(token_kind kind, std::string_view text) {
  out_.push_back({kind, text, line_});
}

std::size_t lexer::find_tag() const {
  for (std::size_t i = source_.find('{', pos_); i != npos;
       i = source_.find('{', i + 1))
    if (at(i + 1) == '%' || at(i + 1) == '{' || at(i + 1) == '#')
      return i;
  return npos;
}

/// Text before a tag whose sign is '-', '+' or 0.
void lexer::emit_text(std::string_view text, char sign, bool may_lstrip) {
  if (sign == '-') {
    text = strip_right(text);
  } else if (sign != '+' && may_lstrip) {
    const std::size_t line_start = text.rfind('\n') + 1;
    if ((line_start > 0 || line_starting_)
        && strip_left(text.substr(line_start)).empty())
      text = text.substr(0, line_start);
  }
  if (!text.empty())
    emit(token_kind::text, text);
}

std::size_t lexer::after_block(std::size_t i, char sign) const {
  if (sign == '-')
    return skip_space(i);
  return sign != '+' && at(i) == '\n' ? i + 1 : i;
}

void lexer::comment(std::size_t begin) {
  const std::size_t close = source_.find("#}", begin);
  if (close == npos)
    throw syntax_fault{line_, "a comment is not closed, expected '#}'"};
  const char sign = close > begin ? source_[close - 1] : 0;
  advance(after_block(close + 2, sign == '-' || sign == '+' ? sign : 0));
}

bool lexer::raw_begin(std::size_t i, std::size_t& end) const {
  i = skip_space(i);
  if (!starts(i, "raw"))
    return false;
  i = skip_space(i + 3);
  if (starts(i, "-%}"))
    end = skip_space(i + 3);
  else if (starts(i, "%}"))
    end = i + 2;
  else
    return false;
  return true;
}

void lexer::raw(std::size_t begin) {
  advance(begin);
  for (std::size_t i = source_.find("{%", begin); i != npos;
       i = source_.find("{%", i + 1)) {
    const char sign = at(i + 2) == '-' || at(i + 2) == '+' ? at(i + 2) : 0;
    std::size_t end = skip_space(i + (sign ? 3 : 2));
    if (!starts(end, "endraw"))
      continue;
    end = skip_space(end + 6);
    const char close = at(end) == '-' || at(end) == '+' ? at(end) : 0;
    end += close ? 1 : 0;
    if (!starts(end, "%}"))
      continue;
    emit_text(source_.substr(begin, i - begin), sign, true);
    advance(after_block(end + 2, close));
    return;
  }
  throw syntax_fault{line_, "'raw' is not closed, expected '{% endraw %}'"};
}

/// Where the tag that ends at `i` is over, or npos when none ends there.
std::size_t lexer::tag_end(std::size_t i, bool block) const {
  const char sign = at(i) == '-' || (block && at(i) == '+') ? at(i) : 0;
  const std::size_t brace = i + (sign ? 1 : 0);
  if (!starts(brace, block ? "%}" : "}}"))
    return npos;
  if (block)
    return after_block(brace + 2, sign);
  return sign ? skip_space(brace + 2) : brace + 2;
}

void lexer::tag(std::size_t begin, bool block) {
  emit(block ? token_kind::block_begin : token_kind::variable_begin,
       source_.substr(pos_, 2));
  const std::uint32_t opened = line_;
  advance(begin);
  std::string brackets; // the closing ones that are still wanted
  while (true) {
    advance(skip_space(pos_));
    if (pos_ >= source_.size())
      throw syntax_fault{opened, block ? "a tag is not closed, expected '%}'"
                                       : "a tag is not closed, expected '}}'"};
    const std::size_t end = brackets.empty() ? tag_end(pos_, block) : npos;
    if (end != npos) {
      emit(block ? token_kind::block_end : token_kind::variable_end,
           source_.substr(pos_, 2));
      return advance(end);
    }
    const lexeme found = next_lexeme(source_, pos_, line_, strings_, brackets);
    emit(found.kind, found.text);
    advance(pos_ + found.bytes);
  }
}

std::vector<token> lexer::run() {
  while (pos_ < source_.size()) {
    const std::size_t open = find_tag();
    if (open == npos) {
      emit(token_kind::text, source_.substr(pos_));
      advance(source_.size());
      break;
    }
    const char sign =
        at(open + 2) == '-' || at(open + 2) == '+' ? at(open + 2) : 0;
    const std::size_t inside = open + (sign ? 3 : 2);
    const char type = source_[open + 1];
    emit_text(source_.substr(pos_, open - pos_), sign, type != '{');
    advance(open);
    std::size_t raw_start = 0;
    if (type == '#')
      comment(inside);
    else if (type == '%' && raw_begin(inside, raw_start))
      raw(raw_start);
    else
      tag(inside, type == '%');
  }
  emit(token_kind::end, "");
  return std::move(out_);
}

} // namespace

std::vector<token> tokenize(std::string_view source,
                            std::deque<std::string>& strings) {
  return lexer(source, strings).run();
}

} // namespace sluice::device::jinja
