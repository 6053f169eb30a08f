// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/kv_identity.hpp"

#include "device/error.hpp"

#include <bit>
#include <cstring>

namespace sluice::device {

static_assert(std::endian::native == std::endian::little,
              "stored blocks are little-endian");

namespace {

constexpr char magic[4] = {'S', 'L', 'K', 'V'};

/// The bytes as they lie in memory and in files.
struct layout {
  char magic[4];
  std::uint32_t version;
  content_id model;
  std::uint32_t first_layer;
  std::uint32_t last_layer;
  std::uint32_t kv_heads;
  std::uint32_t head_dim;
  std::uint32_t format;
  std::uint32_t window;
  std::uint32_t sinks;
  std::uint32_t unused[3];
};
static_assert(sizeof(layout) == kv_identity_bytes);

std::string text_of(layer_range layers) {
  return "layers " + std::to_string(layers.first) + " to "
         + std::to_string(layers.last);
}

std::string text_of(std::uint32_t window, std::uint32_t sinks) {
  return "window " + std::to_string(window) + " and " + std::to_string(sinks)
         + " sinks";
}

} // namespace

std::array<std::byte, kv_identity_bytes> encode(const kv_identity& identity) {
  layout out{};
  std::memcpy(out.magic, magic, sizeof magic);
  out.version = kv_version;
  out.model = identity.model;
  out.first_layer = identity.layers.first;
  out.last_layer = identity.layers.last;
  out.kv_heads = identity.kv_heads;
  out.head_dim = identity.head_dim;
  out.format = static_cast<std::uint32_t>(identity.format);
  out.window = identity.window;
  out.sinks = identity.sinks;
  return std::bit_cast<std::array<std::byte, kv_identity_bytes>>(out);
}

kv_identity decode_kv_identity(std::span<const std::byte> bytes) {
  layout in;
  if (bytes.size() < sizeof in)
    throw model_error("KV block: " + std::to_string(bytes.size())
                      + " bytes are shorter than the header of "
                      + std::to_string(sizeof in));
  std::memcpy(&in, bytes.data(), sizeof in);
  if (std::memcmp(in.magic, magic, sizeof magic) != 0)
    throw model_error("KV block: it does not begin with 'SLKV'");
  if (in.version != kv_version)
    throw model_error("KV block: version " + std::to_string(in.version)
                      + " instead of " + std::to_string(kv_version));
  if (in.format >= kv_format_names.size())
    throw model_error("KV block: unknown format " + std::to_string(in.format));
  kv_identity out;
  out.model = in.model;
  out.layers = {in.first_layer, in.last_layer};
  out.kv_heads = in.kv_heads;
  out.head_dim = in.head_dim;
  out.format = static_cast<kv_format>(in.format);
  out.window = in.window;
  out.sinks = in.sinks;
  return out;
}

std::string difference(const kv_identity& given, const kv_identity& wanted) {
  if (given.model != wanted.model)
    return "of another model";
  if (given.layers != wanted.layers)
    return "of " + text_of(given.layers) + " instead of "
           + text_of(wanted.layers);
  if (given.kv_heads != wanted.kv_heads || given.head_dim != wanted.head_dim)
    return "of other heads";
  if (given.format != wanted.format)
    return "in " + std::string(name(given.format)) + " instead of "
           + std::string(name(wanted.format));
  if (given != wanted)
    return "of " + text_of(given.window, given.sinks) + " instead of "
           + text_of(wanted.window, wanted.sinks);
  return {};
}

void require_same(const kv_identity& given, const kv_identity& wanted) {
  const auto wrong = difference(given, wanted);
  if (!wrong.empty())
    throw model_error("KV block: it is " + wrong);
}

} // namespace sluice::device
