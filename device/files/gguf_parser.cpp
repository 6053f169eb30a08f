// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/gguf_parser.hpp"

#include "device/error.hpp"
#include "device/files/gguf_tensor_type.hpp"
#include "device/files/shown.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace sluice::device {

namespace {

// Widened elements take up to 16 bytes: a bound on what a file can make us
// allocate. The largest vocabularies have 300 thousand tokens.
constexpr std::uint64_t max_array_elements = std::uint64_t{1} << 24;

constexpr std::uint64_t max_dimensions = 4;

} // namespace

gguf_parser::gguf_parser(std::span<const std::byte> bytes, std::string where)
    : bytes_(bytes), where_(std::move(where)) {}

gguf_contents gguf_parser::parse() {
  read_header();
  for (std::uint64_t i = 0; i < metadata_count_; ++i) {
    read_metadata_entry();
  }
  std::vector<tensor_entry> entries;
  for (std::uint64_t i = 0; i < tensor_count_; ++i) {
    entries.push_back(read_tensor_entry());
  }
  place_tensors(std::move(entries));
  return std::move(contents_);
}

void gguf_parser::read_header() {
  reading_ = "the header";
  need(4, 1, "the magic");
  if (std::memcmp(bytes_.data(), "GGUF", 4) != 0) {
    fail("is not a GGUF file: it does not begin with \"GGUF\"");
  }
  at_ = 4;
  const auto version = read<std::uint32_t>("the version");
  if (version != 0 && (version & 0xffff) == 0) {
    fail("is a big-endian GGUF file; only little-endian ones load");
  }
  if (version != 2 && version != 3) {
    fail("has GGUF version " + std::to_string(version)
         + "; versions 2 and 3 load (convert the model again)");
  }
  contents_.version = version;
  tensor_count_ = read<std::uint64_t>("the tensor count");
  metadata_count_ = read<std::uint64_t>("the metadata count");
  // The least an entry takes: name length, dimensions, type and offset; name
  // length, type and a one-byte value.
  need(tensor_count_, 24, "tensor entries");
  need(metadata_count_, 13, "metadata entries");
}

void gguf_parser::read_metadata_entry() {
  reading_ = "a metadata key";
  const std::string key{read_string("a key")};
  reading_ = "key " + shown(key);
  const auto type = read<std::uint32_t>("its type");
  if (!contents_.metadata.try_emplace(key, read_value(type)).second) {
    fail(reading_ + " appears twice");
  }
}

gguf_value gguf_parser::read_value(std::uint32_t type) {
  constexpr std::string_view what = "its value";
  switch (type) {
  case 0:
    return std::uint64_t{read<std::uint8_t>(what)};
  case 1:
    return std::int64_t{read<std::int8_t>(what)};
  case 2:
    return std::uint64_t{read<std::uint16_t>(what)};
  case 3:
    return std::int64_t{read<std::int16_t>(what)};
  case 4:
    return std::uint64_t{read<std::uint32_t>(what)};
  case 5:
    return std::int64_t{read<std::int32_t>(what)};
  case 6:
    return double{read<float>(what)};
  case 7:
    return read<std::uint8_t>(what) != 0;
  case 8:
    return read_string(what);
  case 9:
    return read_array();
  case 10:
    return read<std::uint64_t>(what);
  case 11:
    return read<std::int64_t>(what);
  case 12:
    return read<double>(what);
  default:
    fail(reading_ + " has the unknown type " + std::to_string(type));
  }
}

gguf_value gguf_parser::read_array() {
  const auto type = read<std::uint32_t>("its element type");
  const auto count = read<std::uint64_t>("its element count");
  if (type == 9) {
    fail(reading_ + " is an array of arrays, which no model needs");
  }
  // A string takes at least the 8 bytes of its length.
  constexpr std::array<std::uint64_t, 13> least{1, 1, 2, 2, 4, 4, 4,
                                                1, 8, 0, 8, 8, 8};
  if (type >= least.size()) {
    fail(reading_ + " has the unknown element type " + std::to_string(type));
  }
  need(count, least[type], "array elements");
  array_elements_ += count;
  if (array_elements_ > max_array_elements) {
    fail(reading_ + ": its arrays have more than "
         + std::to_string(max_array_elements) + " elements");
  }
  switch (type) {
  case 0:
    return read_elements<std::uint64_t, std::uint8_t>(count);
  case 1:
    return read_elements<std::int64_t, std::int8_t>(count);
  case 2:
    return read_elements<std::uint64_t, std::uint16_t>(count);
  case 3:
    return read_elements<std::int64_t, std::int16_t>(count);
  case 4:
    return read_elements<std::uint64_t, std::uint32_t>(count);
  case 5:
    return read_elements<std::int64_t, std::int32_t>(count);
  case 6:
    return read_elements<double, float>(count);
  case 7:
    return read_elements<bool, std::uint8_t>(count);
  case 10:
    return read_elements<std::uint64_t, std::uint64_t>(count);
  case 11:
    return read_elements<std::int64_t, std::int64_t>(count);
  case 12:
    return read_elements<double, double>(count);
  default: {
    std::vector<std::string_view> strings;
    strings.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      strings.push_back(read_string("an array element"));
    }
    return strings;
  }
  }
}

gguf_parser::tensor_entry gguf_parser::read_tensor_entry() {
  tensor_entry entry;
  reading_ = "a tensor name";
  entry.name = read_string("a name");
  reading_ = "tensor " + shown(entry.name);
  const auto dimensions = read<std::uint32_t>("its dimension count");
  if (dimensions == 0 || dimensions > max_dimensions) {
    fail(reading_ + " has " + std::to_string(dimensions)
         + " dimensions; 1 to 4 are allowed");
  }
  std::array<std::uint64_t, max_dimensions> inner_first{};
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    inner_first[i] = read<std::uint64_t>("a dimension");
  }
  const auto number = read<std::uint32_t>("its type");
  entry.offset = read<std::uint64_t>("its offset");
  const auto type = gguf_tensor_type(number);
  if (!type.format) {
    fail(reading_ + " has the unsupported type " + type.name
         + "; supported are " + std::string(supported_gguf_types));
  }
  entry.view.type = *type.format;
  entry.view.shape.assign(inner_first.rend() - dimensions, inner_first.rend());
  check_size(entry.view);
  return entry;
}

void gguf_parser::check_size(const tensor_view& view) const {
  const auto block = block_elements(view.type);
  if (view.columns() % block != 0) {
    fail(reading_ + " has rows of " + std::to_string(view.columns())
         + " elements, not a multiple of the " + std::to_string(block)
         + " of a " + std::string(name(view.type)) + " block");
  }
  // Every element takes at least block_bytes / block bytes of the file: more
  // elements than that are refused before their product can overflow.
  const auto most = bytes_.size() / block_bytes(view.type) * block;
  std::uint64_t elements = 1;
  for (const auto dimension : view.shape) {
    if (dimension == 0) {
      fail(reading_ + " has a dimension of 0");
    }
    if (dimension > most / elements) {
      fail(reading_ + " has more elements than the file has room for");
    }
    elements *= dimension;
  }
}

std::uint64_t gguf_parser::alignment() const {
  const auto found = contents_.metadata.find("general.alignment");
  if (found == contents_.metadata.end()) {
    return 32;
  }
  const auto* value = std::get_if<std::uint64_t>(&found->second);
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  if (value == nullptr || *value < 8 || *value > most
      || (*value & (*value - 1)) != 0) {
    fail("general.alignment must be a power of two, at least 8");
  }
  return *value;
}

void gguf_parser::place_tensors(std::vector<tensor_entry> entries) {
  if (entries.empty()) {
    return;
  }
  const auto step = alignment();
  const auto start = (at_ + step - 1) / step * step;
  const auto room = start < bytes_.size() ? bytes_.size() - start : 0;
  for (auto& [name, view, offset] : entries) {
    if (offset % step != 0) {
      fail("tensor " + shown(name) + " has the offset " + std::to_string(offset)
           + ", not a multiple of the alignment " + std::to_string(step));
    }
    if (offset > room || view.bytes() > room - offset) {
      fail("tensor " + shown(name) + " needs bytes " + std::to_string(offset)
           + " to " + std::to_string(offset) + " + "
           + std::to_string(view.bytes()) + " of the tensor data, which has "
           + std::to_string(room) + " (is the file truncated?)");
    }
    view.data = bytes_.data() + start + offset;
    contents_.names.push_back(name);
    if (!contents_.tensors.try_emplace(name, view).second) {
      fail("tensor " + shown(name) + " appears twice");
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const auto& before = entries[i - 1];
    if (entries[i].offset < before.offset + before.view.bytes()) {
      fail("tensors " + shown(before.name) + " and " + shown(entries[i].name)
           + " overlap");
    }
  }
}

template <class T>
T gguf_parser::read(std::string_view what) {
  need(1, sizeof(T), what);
  T value;
  std::memcpy(&value, bytes_.data() + at_, sizeof(T));
  at_ += sizeof(T);
  return value;
}

std::string_view gguf_parser::read_string(std::string_view what) {
  const auto length = read<std::uint64_t>(what);
  need(length, 1, what);
  const auto* data = reinterpret_cast<const char*>(bytes_.data() + at_);
  at_ += length;
  return {data, static_cast<std::size_t>(length)};
}

template <class Wide, class T>
std::vector<Wide> gguf_parser::read_elements(std::uint64_t count) {
  std::vector<Wide> elements;
  elements.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<Wide, bool>) {
      elements.push_back(read<T>("an array element") != 0);
    } else {
      elements.push_back(read<T>("an array element"));
    }
  }
  return elements;
}

void gguf_parser::need(std::uint64_t count, std::uint64_t element_bytes,
                       std::string_view what) const {
  if (count > remaining() / element_bytes) {
    fail("truncated at byte " + std::to_string(at_) + " reading "
         + std::string(what) + " of " + reading_ + ": " + std::to_string(count)
         + " x " + std::to_string(element_bytes) + " bytes wanted, "
         + std::to_string(remaining()) + " left");
  }
}

void gguf_parser::fail(const std::string& what) const {
  throw model_error(where_ + ": " + what);
}

} // namespace sluice::device
