// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Runs the built sluice program for a test and gives back what a user would
// see.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>

#include <chrono>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::test {

/// What a finished program left behind.
struct finished {
  int code = 0;
  std::string out;
  std::string err;
};

inline std::string program() {
  const auto* path = std::getenv("SLUICE_BIN");
  if (!path)
    throw std::runtime_error("SLUICE_BIN must name the sluice program");
  return path;
}

/// Runs `sluice args...` with `input` on standard input and waits for its end.
inline finished run(const std::vector<std::string>& args,
                    const std::string& input = {}) {
  namespace bp = boost::process;
  boost::asio::io_context io;
  std::future<std::string> out;
  std::future<std::string> err;
  bp::child child(program(), bp::args(args), bp::std_out > out,
                  bp::std_err > err, bp::std_in < boost::asio::buffer(input),
                  io);
  io.run_for(std::chrono::seconds{60});
  if (!child.wait_for(std::chrono::seconds{1})) {
    child.terminate();
    throw std::runtime_error("sluice did not end within a minute");
  }
  return {child.exit_code(), out.get(), err.get()};
}

} // namespace sluice::test
