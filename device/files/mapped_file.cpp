// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/mapped_file.hpp"

#include "device/error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
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

/// Closes a file descriptor on every way out but one.
struct open_file {
  int descriptor;
  ~open_file() {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
};

} // namespace

mapped_file::mapped_file(const std::filesystem::path& path) : path_(path) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const int descriptor =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    fail(path, "cannot open");
  }
  open_file file{descriptor};
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
  descriptor_ = std::exchange(file.descriptor, -1);
}

mapped_file::~mapped_file() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
    ::close(descriptor_);
  }
}

bool mapped_file::contains(std::span<const std::byte> part) const noexcept {
  const auto base = reinterpret_cast<std::uintptr_t>(data_);
  const auto first = reinterpret_cast<std::uintptr_t>(part.data());
  return data_ != nullptr && first >= base && part.size() <= size_
         && first - base <= size_ - part.size();
}

void mapped_file::expect(std::span<const std::byte> part) const noexcept {
  if (contains(part)) {
    ::posix_fadvise(descriptor_, part.data() - data_,
                    static_cast<off_t>(part.size()), POSIX_FADV_WILLNEED);
  }
}

void mapped_file::read(std::span<std::byte> out, const std::byte* from) const {
  assert(contains({from, out.size()}));
  while (!out.empty()) {
    const auto got = ::pread(descriptor_, out.data(), out.size(), from - data_);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      fail(path_, "cannot read");
    }
    if (got == 0) {
      throw model_error(path_.string() + ": has become shorter");
    }
    out = out.subspan(static_cast<std::size_t>(got));
    from += got;
  }
}

mapped_file::mapped_file(mapped_file&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)) {}

mapped_file& mapped_file::operator=(mapped_file&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

} // namespace sluice::device
