// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/answer_queue.hpp"
#include "apps/embed/callback_scope.hpp"
#include "apps/embed/runtime_core.hpp"

namespace sluice {

namespace apps {

answer_queue::answer_queue(std::uint64_t id, std::weak_ptr<runtime_core> owner)
    : id_{id}, owner_{std::move(owner)} {}

void answer_queue::push(delta piece) {
  {
    const std::lock_guard lock{mutex_};
    complete_ = complete_ || piece.finish != finish_reason::none;
    pieces_.push_back(std::move(piece));
  }
  came_.notify_all();
}

std::optional<delta>
answer_queue::pull(std::optional<std::chrono::milliseconds> patience) {
  std::unique_lock lock{mutex_};
  const auto ready = [this] { return !pieces_.empty() || ended_; };
  if (!ready()) {
    if (!patience || patience->count() > 0)
      refuse_in_delivery("a pull that waits");
    if (!patience)
      came_.wait(lock, ready);
    else
      came_.wait_for(lock, *patience, ready);
  }
  if (pieces_.empty())
    return std::nullopt;
  auto piece = std::move(pieces_.front());
  pieces_.pop_front();
  ended_ = piece.finish != finish_reason::none;
  return piece;
}

bool answer_queue::ended() const {
  const std::lock_guard lock{mutex_};
  return ended_;
}

void answer_queue::cancel() noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (complete_)
      return;
  }
  if (const auto owner = owner_.lock())
    owner->cancel(id_);
}

} // namespace apps

answer::answer() noexcept = default;

answer::answer(std::shared_ptr<apps::answer_queue> queue) noexcept
    : queue_{std::move(queue)} {}

answer::~answer() {
  cancel();
}

answer::answer(answer&& other) noexcept = default;

answer& answer::operator=(answer&& other) noexcept {
  if (this != &other) {
    cancel();
    queue_ = std::move(other.queue_);
  }
  return *this;
}

std::uint64_t answer::id() const noexcept {
  return queue_ ? queue_->id() : 0;
}

std::optional<delta> answer::next() {
  return queue_ ? queue_->pull(std::nullopt) : std::nullopt;
}

std::optional<delta> answer::next(std::chrono::milliseconds patience) {
  return queue_ ? queue_->pull(patience) : std::nullopt;
}

bool answer::ended() const noexcept {
  return !queue_ || queue_->ended();
}

completion answer::collect() {
  completion out;
  while (auto piece = next()) {
    out.text += piece->text;
    for (auto& one : piece->logprobs)
      out.logprobs.push_back(std::move(one));
    out.completion_tokens = piece->completion_tokens;
    out.prompt_tokens = piece->prompt_tokens;
    out.cached_tokens = piece->cached_tokens;
    out.finish = piece->finish;
    if (piece->finish == finish_reason::error
        || piece->finish == finish_reason::cancelled)
      throw error(piece->code, piece->error);
  }
  return out;
}

void answer::cancel() noexcept {
  if (queue_)
    queue_->cancel();
}

} // namespace sluice
