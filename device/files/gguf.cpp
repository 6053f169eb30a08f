// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/gguf.hpp"

#include "device/error.hpp"
#include "device/files/gguf_parser.hpp"

#include <array>
#include <limits>
#include <utility>

namespace sluice::device {

namespace {

std::string_view type_name(const gguf_value& value) noexcept {
  // In the order of the variant.
  constexpr std::array<std::string_view, 10> names{
      "an unsigned integer",
      "a signed integer",
      "a float",
      "a bool",
      "a string",
      "an array of unsigned integers",
      "an array of signed integers",
      "an array of floats",
      "an array of bools",
      "an array of strings"};
  return names[value.index()];
}

[[noreturn]] void wrong_type(const gguf_file& file, std::string_view key,
                             const gguf_value& value, std::string_view wanted) {
  throw model_error(file.path().string() + ": key \"" + std::string(key)
                    + "\" is " + std::string(type_name(value)) + ", not "
                    + std::string(wanted));
}

} // namespace

gguf_file gguf_file::open(const std::filesystem::path& path) {
  gguf_file file;
  file.file_ = mapped_file(path);
  auto contents = gguf_parser(file.file_.bytes(), path.string()).parse();
  file.version_ = contents.version;
  file.metadata_ = std::move(contents.metadata);
  file.tensors_ = std::move(contents.tensors);
  file.names_ = std::move(contents.names);
  return file;
}

const std::filesystem::path& gguf_file::path() const noexcept {
  return file_.path();
}

std::uint32_t gguf_file::version() const noexcept {
  return version_;
}

const gguf_value* gguf_file::find(std::string_view key) const {
  const auto found = metadata_.find(std::string(key));
  return found == metadata_.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> gguf_file::find_uint(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* number = std::get_if<std::uint64_t>(value)) {
    return *number;
  }
  if (const auto* number = std::get_if<std::int64_t>(value);
      number != nullptr && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  wrong_type(*this, key, *value, "an integer of 0 or more");
}

std::optional<double> gguf_file::find_float(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* number = std::get_if<double>(value)) {
    return *number;
  }
  if (const auto* number = std::get_if<std::uint64_t>(value)) {
    return static_cast<double>(*number);
  }
  if (const auto* number = std::get_if<std::int64_t>(value)) {
    return static_cast<double>(*number);
  }
  wrong_type(*this, key, *value, "a number");
}

std::optional<bool> gguf_file::find_bool(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* truth = std::get_if<bool>(value)) {
    return *truth;
  }
  wrong_type(*this, key, *value, "a bool");
}

std::optional<std::string_view>
gguf_file::find_string(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* text = std::get_if<std::string_view>(value)) {
    return *text;
  }
  wrong_type(*this, key, *value, "a string");
}

std::vector<std::string_view>
gguf_file::find_strings(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* texts = std::get_if<std::vector<std::string_view>>(value)) {
    return *texts;
  }
  wrong_type(*this, key, *value, "an array of strings");
}

std::vector<std::int64_t> gguf_file::find_ints(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(value)) {
    return *numbers;
  }
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (const auto* numbers = std::get_if<std::vector<std::uint64_t>>(value)) {
    std::vector<std::int64_t> result;
    result.reserve(numbers->size());
    for (const auto number : *numbers) {
      if (number > most) {
        wrong_type(*this, key, *value, "one of signed 64-bit integers");
      }
      result.push_back(static_cast<std::int64_t>(number));
    }
    return result;
  }
  wrong_type(*this, key, *value, "an array of integers");
}

std::vector<double> gguf_file::find_floats(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (const auto* numbers = std::get_if<std::vector<double>>(value)) {
    return *numbers;
  }
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(value)) {
    return {numbers->begin(), numbers->end()};
  }
  if (const auto* numbers = std::get_if<std::vector<std::uint64_t>>(value)) {
    return {numbers->begin(), numbers->end()};
  }
  wrong_type(*this, key, *value, "an array of numbers");
}

std::optional<tensor_view> gguf_file::find_tensor(std::string_view name) const {
  const auto found = tensors_.find(std::string(name));
  if (found == tensors_.end()) {
    return {};
  }
  return found->second;
}

const std::vector<std::string>& gguf_file::tensor_names() const noexcept {
  return names_;
}

} // namespace sluice::device
