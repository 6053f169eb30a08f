// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/gguf_writer.hpp"

#include "device/error.hpp"
#include "device/files/gguf_tensor_type.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace sluice::device {

namespace {

// The format's default; tensors and the data section start at multiples of it.
constexpr std::uint64_t alignment = 32;
// Blocks are made and written in pieces of about this size.
constexpr std::uint64_t piece_bytes = 4 << 20;

// Type numbers of metadata values.
constexpr std::uint32_t type_uint32 = 4;
constexpr std::uint32_t type_int32 = 5;
constexpr std::uint32_t type_float32 = 6;
constexpr std::uint32_t type_string = 8;
constexpr std::uint32_t type_array = 9;

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string text(std::string_view value) {
  return raw(std::uint64_t{value.size()}) + std::string{value};
}

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// A file that says why it cannot be written.
class output_file {
public:
  explicit output_file(std::filesystem::path path)
      : path_(std::move(path)), out_(path_, std::ios::binary) {
    check();
  }

  void put(std::span<const std::byte> bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    check();
  }

  void pad(std::uint64_t bytes) {
    const std::byte zeros[alignment]{};
    put(std::span(zeros).first(static_cast<std::size_t>(bytes)));
  }

  void close() {
    out_.close();
    check();
  }

private:
  void check() {
    if (!out_)
      throw model_error(path_.string()
                        + ": cannot be written: " + std::strerror(errno));
  }

  std::filesystem::path path_;
  std::ofstream out_;
};

} // namespace

void gguf_writer::add_key(std::string_view key, std::uint32_t type,
                          std::string_view value) {
  metadata_ += text(key) + raw(type);
  metadata_ += value;
  ++keys_;
}

void gguf_writer::set(std::string_view key, std::uint32_t value) {
  add_key(key, type_uint32, raw(value));
}

void gguf_writer::set(std::string_view key, float value) {
  add_key(key, type_float32, raw(value));
}

void gguf_writer::set(std::string_view key, std::string_view value) {
  add_key(key, type_string, text(value));
}

void gguf_writer::set(std::string_view key,
                      std::span<const std::int32_t> values) {
  auto bytes = raw(type_int32) + raw(std::uint64_t{values.size()});
  for (const auto value : values)
    bytes += raw(value);
  add_key(key, type_array, bytes);
}

void gguf_writer::set(std::string_view key,
                      std::span<const std::string> values) {
  auto bytes = raw(type_string) + raw(std::uint64_t{values.size()});
  for (const auto& value : values)
    bytes += text(value);
  add_key(key, type_array, bytes);
}

void gguf_writer::declare(std::string name, std::vector<std::size_t> shape,
                          dtype type) {
  assert(!shape.empty() && shape.back() % block_elements(type) == 0);
  std::uint64_t bytes = row_bytes(type, shape.back());
  for (std::size_t i = 0; i + 1 < shape.size(); ++i)
    bytes *= shape[i];
  tensors_.push_back({std::move(name), std::move(shape), type, bytes});
}

std::uint64_t gguf_writer::data_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& one : tensors_)
    sum += one.bytes;
  return sum;
}

std::string gguf_writer::head() const {
  auto out = "GGUF" + raw(std::uint32_t{3});
  out += raw(std::uint64_t{tensors_.size()}) + raw(keys_) + metadata_;
  std::uint64_t offset = 0;
  for (const auto& one : tensors_) {
    out += text(one.name) + raw(static_cast<std::uint32_t>(one.shape.size()));
    for (auto size = one.shape.rbegin(); size != one.shape.rend(); ++size)
      out += raw(std::uint64_t{*size});
    out += raw(gguf_type_number(one.type)) + raw(offset);
    offset += aligned(one.bytes);
  }
  out.resize(static_cast<std::size_t>(aligned(out.size())));
  return out;
}

void gguf_writer::write(const std::filesystem::path& path, const source& fill,
                        const progress& report) const {
  auto unfinished = path;
  unfinished += ".part";
  output_file out{unfinished};
  const auto begin = head();
  out.put(std::as_bytes(std::span(begin)));
  const auto total = data_bytes();
  std::uint64_t done = 0;
  std::vector<std::byte> piece;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const auto& one = tensors_[i];
    const std::uint64_t block = block_bytes(one.type);
    const auto most = std::max(block, piece_bytes / block * block);
    for (std::uint64_t left = one.bytes; left > 0;) {
      piece.resize(static_cast<std::size_t>(std::min(left, most)));
      fill(i, piece);
      out.put(piece);
      left -= piece.size();
      done += piece.size();
      if (report)
        report(done, total);
    }
    out.pad(aligned(one.bytes) - one.bytes);
  }
  out.close();
  std::error_code why;
  std::filesystem::rename(unfinished, path, why);
  if (why)
    throw model_error(path.string() + ": cannot be written: " + why.message());
}

} // namespace sluice::device
