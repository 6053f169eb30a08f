// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A JSON file and typed look-ups in it that name file and field when something
// is wrong. Used by the readers of Hugging Face tokenizer folders.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::device {

/// Largest JSON file that is read, in bytes: the largest published
/// tokenizer.json has 33 MB.
inline constexpr std::size_t max_json_bytes = std::size_t{256} << 20;

class json_file {
public:
  /// Reads and parses. Throws model_error naming the file and the byte.
  explicit json_file(const std::filesystem::path& path);

  const boost::json::value& root() const noexcept { return root_; }

  [[noreturn]] void fail(const std::string& what) const;

  // `name` is what messages call the value. All throw model_error when it is of
  // another type.
  const boost::json::object& object(const boost::json::value& value,
                                    std::string_view name) const;
  const boost::json::array& array(const boost::json::value& value,
                                  std::string_view name) const;
  std::string_view string(const boost::json::value& value,
                          std::string_view name) const;
  /// A token id: an integer from 0 to 2^31 - 1.
  std::int32_t id(const boost::json::value& value, std::string_view name) const;

  // Members of `from`; absent and null count the same.
  const boost::json::value* find(const boost::json::object& from,
                                 std::string_view key) const;
  const boost::json::value& require(const boost::json::object& from,
                                    std::string_view key) const;
  bool flag(const boost::json::object& from, std::string_view key,
            bool otherwise) const;
  std::string_view text(const boost::json::object& from, std::string_view key,
                        std::string_view otherwise) const;

private:
  std::filesystem::path path_;
  boost::json::value root_;
};

} // namespace sluice::device
