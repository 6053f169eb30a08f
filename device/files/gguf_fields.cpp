// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/gguf_fields.hpp"

#include "device/error.hpp"
#include "device/files/config_check.hpp"

#include <algorithm>

namespace sluice::device {

gguf_fields::gguf_fields(const gguf_file& file, std::string_view architecture)
    : file_(&file), architecture_(architecture) {}

std::string gguf_fields::key(std::string_view suffix) const {
  return architecture_ + "." + std::string(suffix);
}

std::optional<std::uint64_t>
gguf_fields::find_uint(std::string_view suffix) const {
  const auto full = key(suffix);
  const auto* value = file_->find(full);
  if (value == nullptr
      || (!std::holds_alternative<std::vector<std::uint64_t>>(*value)
          && !std::holds_alternative<std::vector<std::int64_t>>(*value))) {
    return file_->find_uint(full);
  }
  const auto list = file_->find_ints(full);
  if (list.empty() || list.front() < 0
      || std::count(list.begin(), list.end(), list.front())
             != std::ssize(list)) {
    fail(suffix, "differs between layers, which is not supported");
  }
  return static_cast<std::uint64_t>(list.front());
}

std::optional<double> gguf_fields::find_number(std::string_view suffix) const {
  return file_->find_float(key(suffix));
}

std::optional<std::string_view>
gguf_fields::find_string(std::string_view suffix) const {
  return file_->find_string(key(suffix));
}

std::uint32_t gguf_fields::count(std::string_view suffix,
                                 std::uint64_t most) const {
  const auto value = find_uint(suffix);
  if (!value) {
    fail(suffix, "is missing");
  }
  return checked_count(*value, most, file_->path().string(), key(suffix));
}

std::uint32_t gguf_fields::count_or(std::string_view suffix, std::uint64_t most,
                                    std::uint64_t otherwise) const {
  return checked_count(find_uint(suffix).value_or(otherwise), most,
                       file_->path().string(), key(suffix));
}

float gguf_fields::number(std::string_view suffix) const {
  const auto value = find_number(suffix);
  if (!value) {
    fail(suffix, "is missing");
  }
  return static_cast<float>(*value);
}

float gguf_fields::number_or(std::string_view suffix, double otherwise) const {
  return static_cast<float>(find_number(suffix).value_or(otherwise));
}

void gguf_fields::fail(std::string_view suffix, std::string_view what) const {
  throw model_error(file_->path().string() + ": key \"" + key(suffix) + "\" "
                    + std::string(what));
}

} // namespace sluice::device
