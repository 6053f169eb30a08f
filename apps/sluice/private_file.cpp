// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/private_file.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::apps {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw std::runtime_error{"cannot write " + path.string() + ": "
                           + std::strerror(error)};
}

// Zero, or errno.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

} // namespace

void write_private_file(const std::filesystem::path& path,
                        const std::string& text, bool replace) {
  // Beside it, so that a full disk leaves what was there.
  const std::filesystem::path partial = path.string() + ".new";
  ::unlink(partial.c_str());
  const int file =
      ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    fail(path, errno);
  int error = write_all(file, text);
  if (::close(file) != 0 && error == 0)
    error = errno;
  // link() does not replace, rename() does.
  if (error == 0
      && (replace ? ::rename(partial.c_str(), path.c_str())
                  : ::link(partial.c_str(), path.c_str()))
             != 0)
    error = errno;
  ::unlink(partial.c_str());
  if (error == EEXIST)
    throw std::runtime_error{path.string()
                             + " exists already (--force replaces it)"};
  if (error != 0)
    fail(path, error);
}

} // namespace sluice::apps
