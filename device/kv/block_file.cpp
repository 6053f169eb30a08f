// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/block_file.hpp"

#include "device/error.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::device {

namespace {

constexpr std::uint64_t page = 4096;
using checksum = std::array<std::uint8_t, 32>;

struct slot_header {
  block_key key;
  std::uint64_t age;
  std::uint64_t bytes;
  checksum sum;
};
static_assert(sizeof(slot_header) == 64);

struct file_header {
  std::array<std::byte, kv_identity_bytes> identity;
  std::uint64_t slot_bytes;
};

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

/// A file's limit (ulimit -f) is an error like a full disk, not the signal that
/// would end the process.
class without_file_size_signal {
public:
  without_file_size_signal() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~without_file_size_signal() {
    const timespec now{};
    sigtimedwait(&signal_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  without_file_size_signal(const without_file_size_signal&) = delete;
  without_file_size_signal& operator=(const without_file_size_signal&) = delete;

private:
  sigset_t signal_{};
  sigset_t before_{};
};

/// 0, or the error. A disk may take a part before it is full.
int write_all(int file, std::span<const std::byte> bytes,
              std::uint64_t offset) {
  const without_file_size_signal quiet;
  while (!bytes.empty()) {
    const auto done =
        ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return done < 0 ? errno : ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return 0;
}

bool read_all(int file, std::span<std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto done =
        ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return true;
}

checksum sum_of(const slot_header& header, std::span<const std::byte> bytes) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), EVP_MD_CTX_free);
  checksum out{};
  const bool done =
      context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1
      && EVP_DigestUpdate(context.get(), &header, offsetof(slot_header, sum))
             == 1
      && EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1
      && EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1;
  if (!done)
    throw model_error("SHA-256 is not available");
  return out;
}

} // namespace

std::size_t block_file::slot_bytes(std::size_t block_bytes) {
  return (sizeof(slot_header) + block_bytes + page - 1) / page * page;
}

block_file::block_file(const std::filesystem::path& path,
                       const kv_identity& identity, std::size_t block_bytes,
                       std::string& note)
    : path_(path), block_bytes_(block_bytes),
      file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK,
                   0600)) {
  if (file_ < 0)
    throw model_error(path_.string()
                      + ": cannot be opened for KV blocks: " + reason(errno));
  try {
    begin(identity, note);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

block_file::~block_file() {
  if (file_ >= 0)
    ::close(file_);
}

block_file::block_file(block_file&& other) noexcept
    : path_(std::move(other.path_)), block_bytes_(other.block_bytes_),
      file_(std::exchange(other.file_, -1)) {}

std::uint64_t block_file::offset(std::uint32_t slot) const {
  return page + std::uint64_t{slot} * slot_bytes(block_bytes_);
}

void block_file::begin(const kv_identity& identity, std::string& note) {
  struct stat status {};
  if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode))
    throw model_error(path_.string() + ": is no regular file");
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0)
    throw model_error(path_.string()
                      + ": another process keeps KV blocks "
                        "there");
  if (status.st_size == 0)
    return start_anew(identity);
  std::array<std::byte, sizeof(file_header)> bytes{};
  if (!read_all(file_, bytes, 0)
      || std::memcmp(bytes.data(), encode(identity).data(), 4) != 0)
    throw model_error(path_.string()
                      + ": is no file of KV blocks and is left alone");
  const auto header = std::bit_cast<file_header>(bytes);
  std::string wrong;
  try {
    wrong = difference(decode_kv_identity(header.identity), identity);
  } catch (const model_error& e) {
    wrong = e.what();
  }
  if (wrong.empty() && header.slot_bytes != slot_bytes(block_bytes_))
    wrong = "of another size";
  if (wrong.empty())
    return;
  note = path_.string() + ": begins anew, its KV blocks are " + wrong;
  start_anew(identity);
}

void block_file::start_anew(const kv_identity& identity) {
  std::array<std::byte, page> first{};
  const auto head = std::bit_cast<std::array<std::byte, sizeof(file_header)>>(
      file_header{encode(identity), slot_bytes(block_bytes_)});
  std::copy(head.begin(), head.end(), first.begin());
  int error = ::ftruncate(file_, 0) == 0 ? 0 : errno;
  if (error == 0)
    error = write_all(file_, first, 0);
  if (error != 0)
    throw model_error(path_.string() + ": cannot be written: " + reason(error));
}

std::vector<slot_label> block_file::labels(std::uint32_t slots) {
  std::vector<slot_label> out;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    std::array<std::byte, sizeof(slot_header)> bytes;
    if (!read_all(file_, bytes, offset(slot)))
      break;
    const auto header = std::bit_cast<slot_header>(bytes);
    if (header.bytes == block_bytes_ && header.age > 0)
      out.push_back({slot, header.key, header.age});
  }
  struct stat status {};
  if (::fstat(file_, &status) == 0
      && static_cast<std::uint64_t>(status.st_size) > offset(slots)
      && ::ftruncate(file_, static_cast<off_t>(offset(slots))) != 0)
    throw model_error(path_.string() + ": cannot be cut: " + reason(errno));
  return out;
}

std::optional<std::string> block_file::write(const slot_label& label,
                                             std::span<const std::byte> bytes) {
  assert(bytes.size() == block_bytes_);
  slot_header header{label.key, label.age, bytes.size(), {}};
  header.sum = sum_of(header, bytes);
  std::vector<std::byte> slot(sizeof header + bytes.size());
  std::memcpy(slot.data(), &header, sizeof header);
  std::memcpy(slot.data() + sizeof header, bytes.data(), bytes.size());
  const int error = write_all(file_, slot, offset(label.slot));
  if (error == 0)
    return std::nullopt;
  return path_.string() + ": cannot be written: " + reason(error);
}

bool block_file::read(const slot_label& label, std::span<std::byte> out) const {
  assert(out.size() == block_bytes_);
  slot_header header;
  const auto head = std::as_writable_bytes(std::span(&header, 1));
  return read_all(file_, head, offset(label.slot))
         && read_all(file_, out, offset(label.slot) + sizeof header)
         && header.key == label.key && header.age == label.age
         && header.bytes == out.size() && header.sum == sum_of(header, out);
}

} // namespace sluice::device
