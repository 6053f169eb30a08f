// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/host_log.hpp"

#include "apps/embed/callback_scope.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <mutex>

namespace sluice::apps {

namespace {

log_level level_of(spdlog::level::level_enum level) {
  switch (level) {
  case spdlog::level::trace:
  case spdlog::level::debug:
    return log_level::debug;
  case spdlog::level::info:
    return log_level::info;
  case spdlog::level::warn:
    return log_level::warning;
  default:
    return log_level::error;
  }
}

class callback_sink : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit callback_sink(
      std::function<void(log_level, std::string_view)> callback)
      : callback_{std::move(callback)} {}

protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    const callback_scope scope{callback_kind::delivery};
    try {
      callback_(level_of(line.level),
                {line.payload.data(), line.payload.size()});
    } catch (...) {
      // There is nowhere left to tell it.
    }
  }
  void flush_() override {}

private:
  std::function<void(log_level, std::string_view)> callback_;
};

} // namespace

std::shared_ptr<spdlog::logger>
make_logger(std::function<void(log_level, std::string_view)> callback) {
  if (!callback)
    return nullptr;
  auto out = std::make_shared<spdlog::logger>(
      "sluice", std::make_shared<callback_sink>(std::move(callback)));
  out->set_level(spdlog::level::debug);
  return out;
}

} // namespace sluice::apps
