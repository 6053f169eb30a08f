// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/mapped_file.hpp"

#include "device/error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace sluice::device {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw model_error(path.string() + ": " + what + ": "
                    + std::generic_category().message(errno));
}

/// Closes a file descriptor on every way out.
struct open_file {
  int descriptor;
  ~open_file() { ::close(descriptor); }
};

} // namespace

mapped_file::mapped_file(const std::filesystem::path& path) : path_(path) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const int descriptor =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    fail(path, "cannot open");
  }
  const open_file file{descriptor};
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) {
    fail(path, "cannot read its size");
  }
  if (!S_ISREG(info.st_mode)) {
    throw model_error(path.string() + ": is not a regular file");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) { // mmap refuses it; the readers say what is missing
    return;
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED) {
    fail(path, "cannot map");
  }
  data_ = static_cast<const std::byte*>(data);
  size_ = size;
}

mapped_file::~mapped_file() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  }
}

// Only whole pages of this very mapping: the advice to forget pages would empty
// memory that is not a file's.
void mapped_file::advise(std::span<const std::byte> part,
                         int advice) const noexcept {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto base = reinterpret_cast<std::uintptr_t>(data_);
  auto first = reinterpret_cast<std::uintptr_t>(part.data());
  auto last = first + part.size();
  if (data_ == nullptr || first < base || last > base + size_) {
    return;
  }
  first = (first + page - 1) / page * page;
  last = last / page * page;
  if (first < last) {
    ::madvise(reinterpret_cast<void*>(first), last - first, advice);
  }
}

void mapped_file::expect(std::span<const std::byte> part) const noexcept {
  advise(part, MADV_WILLNEED);
}

void mapped_file::release(std::span<const std::byte> part) const noexcept {
  advise(part, MADV_DONTNEED);
}

mapped_file::mapped_file(mapped_file&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)), path_(std::move(other.path_)) {}

mapped_file& mapped_file::operator=(mapped_file&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

} // namespace sluice::device
