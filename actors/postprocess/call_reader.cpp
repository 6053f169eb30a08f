// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/call_reader.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

namespace {

constexpr std::string_view white = " \t\r\n";

// Bytes at the end of `text` that may be white space and the beginning of
// `marker`.
std::size_t undecided(std::string_view text, std::string_view marker) {
  auto length = std::min(text.size(), marker.size() - 1);
  while (length > 0 && !text.ends_with(marker.substr(0, length)))
    --length;
  const auto rest = text.substr(0, text.size() - length);
  const auto last = rest.find_last_not_of(white);
  return text.size() - (last == std::string_view::npos ? 0 : last + 1);
}

// Steele, Lea and Flood: splitmix64, a permutation that leaves no pattern.
std::uint64_t scramble(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

} // namespace

call_reader::call_reader(request_id request, std::string_view id_prefix,
                         std::size_t id_length)
    : request_{request}, id_prefix_{id_prefix}, id_length_{id_length} {}

void call_reader::push(std::string_view piece, call_output& out) {
  held_ += piece;
  while (step(out)) {
  }
}

void call_reader::finish(call_output& out) {
  out.text += lead_ + raw_;
  // White space after the last call separates it from nothing.
  const bool blank = held_.find_first_not_of(white) == std::string::npos;
  if (!closing_ && (count_ == 0 || !blank))
    out.text += held_;
  lead_.clear();
  raw_.clear();
  open_.reset();
  held_.clear();
}

bool call_reader::find_marker(std::string_view marker, call_output& out) {
  const auto at = held_.find(marker);
  if (at == std::string::npos) {
    const auto shown = held_.size() - undecided(held_, marker);
    out.text.append(held_, 0, shown);
    held_.erase(0, shown);
    return false;
  }
  const auto last =
      at == 0 ? std::string::npos : held_.find_last_not_of(white, at - 1);
  const auto end = last == std::string::npos ? 0 : last + 1;
  out.text.append(held_, 0, end);
  lead_ = held_.substr(end, at + marker.size() - end);
  held_.erase(0, at + marker.size());
  return true;
}

void call_reader::open_call(std::string lead) {
  lead_ = std::move(lead);
  raw_.clear();
  announced_ = false;
  open_.emplace();
}

call_reader::progress call_reader::read_call(call_output& out) {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const auto state = open_->push(held_[i]);
    if (!announced_)
      raw_ += held_[i];
    const bool unknown =
        open_->announced() && !announced_ && !may_call(open_->name());
    if (state == call_scanner::state::failed || unknown) {
      held_.erase(0, announced_ ? i : i + 1);
      out.text += std::exchange(lead_, {});
      held_.insert(0, std::exchange(raw_, {}));
      open_.reset();
      return progress::failed;
    }
    if (open_->announced()) {
      if (!announced_)
        announce(out);
      append_arguments(out);
    }
    if (state == call_scanner::state::done) {
      held_.erase(0, i + 1);
      open_.reset();
      return progress::done;
    }
  }
  held_.clear();
  return progress::more;
}

void call_reader::announce(call_output& out) {
  announced_ = true;
  lead_.clear();
  raw_.clear();
  out.calls.push_back({count_, next_id(), open_->name(), {}});
  ++count_;
}

void call_reader::append_arguments(call_output& out) {
  const auto text = open_->take_arguments();
  if (text.empty())
    return;
  if (out.calls.empty())
    out.calls.push_back({count_ - 1, {}, {}, {}});
  out.calls.back().arguments += text;
}

std::string call_reader::next_id() const {
  constexpr std::string_view digits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out{id_prefix_};
  auto value = scramble(request_ + scramble(count_));
  for (std::size_t i = 0; i < id_length_; ++i) {
    if (i % 9 == 8)
      value = scramble(value);
    out += digits[value % digits.size()];
    value /= digits.size();
  }
  return out;
}

void call_reader::skip_space() {
  held_.erase(0, std::min(held_.find_first_not_of(white), held_.size()));
}

} // namespace sluice::actors
