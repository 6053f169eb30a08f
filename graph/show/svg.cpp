// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/show/svg.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

extern char** environ;

namespace sluice::graph {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t output_limit = 64u << 20; // bytes

/// A file descriptor that is closed at the end.
class descriptor {
public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor() { close(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return number_; }
  void close() noexcept {
    if (number_ >= 0)
      ::close(number_);
    number_ = -1;
  }

private:
  int number_;
};

/// Starts `program -Tsvg` with both ends of its talk on `channel`. 0 if it
/// cannot be started.
pid_t start(const std::string& program, int channel) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, channel, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, channel, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  std::string name = program, option = "-Tsvg";
  std::array<char*, 3> arguments{name.data(), option.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments.data(),
                   environ)
      != 0)
    child = 0;
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

/// Sends `input`, then its end, and reads until the other side closes. Empty
/// when time is over.
std::optional<std::string> talk(int channel, std::string_view input,
                                clock::time_point until) {
  std::string out;
  std::array<char, 65536> buffer;
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - clock::now());
    pollfd wait{channel,
                static_cast<short>(input.empty() ? POLLIN : POLLIN | POLLOUT),
                0};
    if (left.count() <= 0
        || (::poll(&wait, 1, static_cast<int>(left.count())) <= 0
            && errno != EINTR))
      return std::nullopt;
    if (wait.revents & (POLLIN | POLLHUP | POLLERR)) {
      auto got = ::recv(channel, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0)
        return out;
      if (got < 0 && errno != EAGAIN && errno != EINTR)
        return std::nullopt;
      if (got > 0)
        out.append(buffer.data(), static_cast<std::size_t>(got));
      if (out.size() > output_limit)
        return std::nullopt;
    }
    if (!input.empty() && (wait.revents & POLLOUT)) {
      auto sent = ::send(channel, input.data(), input.size(),
                         MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0)
        input.remove_prefix(static_cast<std::size_t>(sent));
      if (input.empty())
        ::shutdown(channel, SHUT_WR);
    }
  }
}

} // namespace

std::optional<std::string> to_svg(const std::string& dot,
                                  const std::string& program,
                                  std::chrono::milliseconds patience) {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return std::nullopt;
  descriptor ours(pair[0]), theirs(pair[1]);
  auto child = start(program, theirs.get());
  if (child == 0)
    return std::nullopt;
  theirs.close();
  auto out = talk(ours.get(), dot, clock::now() + patience);
  if (!out)
    ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return good ? out : std::nullopt;
}

} // namespace sluice::graph
