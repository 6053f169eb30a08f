// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/exported_request.hpp"

#include "device/backend.hpp"
#include "device/error.hpp"

#include <openssl/evp.h>

#include <array>
#include <cassert>
#include <cstring>
#include <string>

namespace sluice::device {

namespace {

constexpr std::uint32_t version = 1;

struct file_front {
  char magic[4] = {'S', 'L', 'R', 'Q'};
  std::uint32_t version = device::version;
  std::uint64_t length = 0; ///< bytes behind the front
  std::array<std::uint8_t, 32> sum{};
};
static_assert(sizeof(file_front) == 48);

[[noreturn]] void refuse(const std::string& why) {
  throw model_error("exported request: " + why);
}

std::array<std::uint8_t, 32> sum_of(std::span<const std::byte> bytes) {
  std::array<std::uint8_t, 32> out{};
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(),
                 nullptr)
      != 1)
    throw model_error("SHA-256 is not available");
  return out;
}

class writer {
public:
  template <class T>
  void value(const T& x) {
    bytes(std::as_bytes(std::span(&x, 1)));
  }
  /// The number of elements, then the elements.
  template <class T>
  void list(const std::vector<T>& x) {
    value(std::uint64_t{x.size()});
    bytes(std::as_bytes(std::span(x)));
  }
  void bytes(std::span<const std::byte> x) {
    out_.insert(out_.end(), x.begin(), x.end());
  }
  std::vector<std::byte> take() { return std::move(out_); }

private:
  std::vector<std::byte> out_;
};

class reader {
public:
  explicit reader(std::span<const std::byte> bytes) : left_(bytes) {}

  std::span<const std::byte> bytes(std::uint64_t count) {
    if (count > left_.size())
      refuse("it ends too early");
    const auto out = left_.first(count);
    left_ = left_.subspan(count);
    return out;
  }
  template <class T>
  T value() {
    T out;
    std::memcpy(&out, bytes(sizeof out).data(), sizeof out);
    return out;
  }
  template <class T>
  std::vector<T> list() {
    const auto count = value<std::uint64_t>();
    if (count > left_.size() / sizeof(T))
      refuse("a list of " + std::to_string(count) + " does not fit into it");
    std::vector<T> out(count);
    if (count > 0)
      std::memcpy(out.data(), bytes(count * sizeof(T)).data(),
                  count * sizeof(T));
    return out;
  }
  bool empty() const { return left_.empty(); }

private:
  std::span<const std::byte> left_;
};

void check(const exported_request& request) {
  if (request.prompt_tokens == 0
      || request.prompt_tokens > request.tokens.size())
    refuse("a prompt of " + std::to_string(request.prompt_tokens) + " of "
           + std::to_string(request.tokens.size()) + " tokens");
  if (request.keys.size() != request.blocks.size()
      || request.blocks.size() * block_tokens >= request.tokens.size())
    refuse(std::to_string(request.blocks.size()) + " blocks and "
           + std::to_string(request.keys.size()) + " keys for "
           + std::to_string(request.tokens.size()) + " tokens");
  for (const auto& block : request.blocks)
    if (block.size() != request.blocks.front().size())
      refuse("its blocks differ in size");
}

} // namespace

std::vector<std::byte> to_bytes(const exported_request& request) {
  writer body;
  body.bytes(encode(request.identity));
  body.list(request.tokens);
  body.value(request.prompt_tokens);
  body.list(request.request);
  body.list(request.keys);
  body.value(std::uint64_t{request.blocks.size()});
  for (const auto& block : request.blocks)
    body.list(block);
  const auto content = body.take();
  file_front front;
  front.length = content.size();
  front.sum = sum_of(content);
  writer out;
  out.value(front);
  out.bytes(content);
  return out.take();
}

exported_request exported_request_from(std::span<const std::byte> bytes) {
  reader all(bytes);
  const auto front = all.value<file_front>();
  if (std::memcmp(front.magic, file_front{}.magic, sizeof front.magic) != 0)
    refuse("it does not begin with 'SLRQ'");
  if (front.version != version)
    refuse("version " + std::to_string(front.version) + " instead of "
           + std::to_string(version));
  const auto content = all.bytes(front.length);
  if (!all.empty())
    refuse("something follows it");
  if (front.sum != sum_of(content))
    refuse("it is damaged");
  reader body(content);
  exported_request out;
  out.identity = decode_kv_identity(body.bytes(kv_identity_bytes));
  out.tokens = body.list<std::int32_t>();
  out.prompt_tokens = body.value<std::uint32_t>();
  out.request = body.list<std::byte>();
  out.keys = body.list<block_key>();
  const auto blocks = body.value<std::uint64_t>();
  for (std::uint64_t i = 0; i < blocks; ++i)
    out.blocks.push_back(body.list<std::byte>());
  if (!body.empty())
    refuse("something follows its blocks");
  check(out);
  return out;
}

std::span<const std::byte> part_of(std::span<const std::byte> block,
                                   const kv_identity& whole,
                                   layer_range layers) {
  const auto count = whole.layers.last - whole.layers.first;
  assert(layers.first >= whole.layers.first && layers.first <= layers.last
         && layers.last <= whole.layers.last && count > 0);
  const auto bytes = block.size() / count;
  return block.subspan((layers.first - whole.layers.first) * bytes,
                       (layers.last - layers.first) * bytes);
}

} // namespace sluice::device
