// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/disk_tier.hpp"

#include "device/error.hpp"

#include <algorithm>
#include <utility>

namespace sluice::device {

namespace {

// Memory that blocks on their way to the disk may take.
constexpr std::size_t queue_bytes = std::size_t{64} << 20;

block_file open_file(const std::filesystem::path& path,
                     const kv_identity& identity, std::size_t block_bytes,
                     const disk_tier::complaint& tell) {
  std::string note;
  block_file file(path, identity, block_bytes, note);
  if (!note.empty())
    tell(note);
  return file;
}

std::uint32_t slots_in(std::uint64_t bytes, std::size_t block_bytes) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(
      bytes / block_file::slot_bytes(block_bytes), 1u << 30));
}

} // namespace

disk_tier::disk_tier(const std::filesystem::path& path,
                     const kv_identity& identity, std::size_t block_bytes,
                     std::uint64_t bytes, complaint tell)
    : name_(path.string()), file_(open_file(path, identity, block_bytes, tell)),
      block_bytes_(block_bytes), slots_(slots_in(bytes, block_bytes)),
      most_jobs_(std::max<std::size_t>(4, queue_bytes / block_bytes)),
      tell_(std::move(tell)) {
  if (slots_ == 0)
    throw model_error(path.string() + ": " + std::to_string(bytes)
                      + " bytes of disk hold no KV block of "
                      + std::to_string(block_file::slot_bytes(block_bytes)));
  auto labels = file_.labels(slots_);
  std::ranges::sort(labels, {}, &slot_label::age);
  std::vector<bool> taken(slots_);
  // A key that stands in two slots counts in the newer one.
  for (const auto& label : labels) {
    if (const auto at = where_.find(label.key); at != where_.end()) {
      taken[at->second->label.slot] = false;
      recent_.erase(at->second);
    }
    recent_.push_back({label, true});
    where_[label.key] = std::prev(recent_.end());
    taken[label.slot] = true;
    age_ = label.age;
  }
  for (std::uint32_t slot = slots_; slot-- > 0;)
    if (!taken[slot])
      free_.push_back(slot);
  writer_ = std::thread([this] { write_jobs(); });
}

disk_tier::~disk_tier() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void disk_tier::tell_once(bool& told, const std::string& text) {
  if (!std::exchange(told, true))
    tell_(text);
}

// Of the least recently used block that is not on its way. There is one: fewer
// jobs are queued than there are slots.
std::uint32_t disk_tier::free_slot() {
  if (!free_.empty()) {
    const auto slot = free_.back();
    free_.pop_back();
    return slot;
  }
  const auto oldest = std::ranges::find(recent_, true, &entry::written);
  const auto slot = oldest->label.slot;
  where_.erase(oldest->label.key);
  recent_.erase(oldest);
  ++counts_.evicted;
  return slot;
}

void disk_tier::put(const block_key& key, std::span<const std::byte> bytes) {
  {
    const std::lock_guard lock{mutex_};
    if (!writable_)
      return;
    if (const auto at = where_.find(key); at != where_.end()) {
      recent_.splice(recent_.end(), recent_, at->second);
      return;
    }
    if (jobs_.size() >= most_jobs_ || jobs_.size() >= slots_) {
      ++counts_.dropped;
      return;
    }
    const slot_label label{free_slot(), key, ++age_};
    recent_.push_back({label, false});
    where_[key] = std::prev(recent_.end());
    jobs_.push_back({label, {bytes.begin(), bytes.end()}});
  }
  changed_.notify_all();
}

void disk_tier::write_jobs() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty())
      return;
    write_one(lock);
    changed_.notify_all();
  }
}

// The job stays at the front of the queue while it is written, so that `get`
// finds its bytes; elements of a deque do not move.
void disk_tier::write_one(std::unique_lock<std::mutex>& lock) {
  const auto& job = jobs_.front();
  std::optional<std::string> wrong;
  if (writable_) {
    lock.unlock();
    wrong = file_.write(job.label, job.bytes);
    lock.lock();
  }
  if (!writable_) {
    ++counts_.dropped;
    forget(job.label);
  } else if (wrong) {
    ++counts_.errors;
    writable_ = false;
    tell_once(told_write_, *wrong + "; no more KV blocks are written to disk");
    forget(job.label);
  } else {
    ++counts_.written;
    where_.at(job.label.key)->written = true;
  }
  jobs_.pop_front();
}

void disk_tier::forget(const slot_label& label) {
  const auto at = where_.find(label.key);
  if (at == where_.end() || at->second->label.age != label.age)
    return;
  free_.push_back(label.slot);
  recent_.erase(at->second);
  where_.erase(at);
}

bool disk_tier::get(const block_key& key, std::span<std::byte> out) {
  std::unique_lock lock{mutex_};
  const auto at = where_.find(key);
  if (at == where_.end())
    return false;
  recent_.splice(recent_.end(), recent_, at->second);
  const auto label = at->second->label;
  if (!at->second->written) {
    const auto job = std::ranges::find_if(
        jobs_, [&](const auto& one) { return one.label.age == label.age; });
    std::ranges::copy(job->bytes, out.begin());
    return true;
  }
  // Only this thread's put could give the slot away.
  lock.unlock();
  const bool whole = file_.read(label, out);
  lock.lock();
  if (whole)
    return true;
  ++counts_.errors;
  tell_once(told_damage_,
            name_ + ": holds damaged KV blocks, which are computed again");
  forget(label);
  return false;
}

std::vector<block_key> disk_tier::keys() const {
  const std::lock_guard lock{mutex_};
  std::vector<block_key> out;
  for (const auto& one : recent_)
    out.push_back(one.label.key);
  return out;
}

std::uint64_t disk_tier::bytes() const {
  const std::lock_guard lock{mutex_};
  return where_.size() * block_file::slot_bytes(block_bytes_);
}

disk_counts disk_tier::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

void disk_tier::flush() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return jobs_.empty(); });
}

} // namespace sluice::device
