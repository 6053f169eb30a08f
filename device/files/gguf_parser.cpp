// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/gguf_parser.hpp"

#include "device/error.hpp"
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

// Tensor types by GGUF number; only those with a dtype load.
struct tensor_type {
  std::uint32_t number;
  std::string_view name;
  std::optional<dtype> type;
};

constexpr std::array<tensor_type, 34> tensor_types{{
    {0, "F32", dtype::f32},
    {1, "F16", dtype::f16},
    {2, "Q4_0", dtype::q4_0},
    {3, "Q4_1", {}},
    {6, "Q5_0", {}},
    {7, "Q5_1", {}},
    {8, "Q8_0", dtype::q8_0},
    {9, "Q8_1", {}},
    {10, "Q2_K", {}},
    {11, "Q3_K", {}},
    {12, "Q4_K", dtype::q4_k},
    {13, "Q5_K", dtype::q5_k},
    {14, "Q6_K", dtype::q6_k},
    {15, "Q8_K", {}},
    {16, "IQ2_XXS", {}},
    {17, "IQ2_XS", {}},
    {18, "IQ3_XXS", {}},
    {19, "IQ1_S", {}},
    {20, "IQ4_NL", {}},
    {21, "IQ3_S", {}},
    {22, "IQ2_S", {}},
    {23, "IQ4_XS", {}},
    {24, "I8", {}},
    {25, "I16", {}},
    {26, "I32", {}},
    {27, "I64", {}},
    {28, "F64", {}},
    {29, "IQ1_M", {}},
    {30, "BF16", dtype::bf16},
    {31, "Q4_0_4_4", {}},
    {32, "Q4_0_4_8", {}},
    {34, "TQ1_0", {}},
    {35, "TQ2_0", {}},
    {39, "MXFP4", {}},
}};

constexpr std::string_view supported_types =
    "F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K and Q6_K";

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
  const auto* known = std::find_if(
      tensor_types.begin(), tensor_types.end(),
      [&](const tensor_type& type) { return type.number == number; });
  if (known == tensor_types.end() || !known->type) {
    const auto type = known == tensor_types.end()
                          ? "number " + std::to_string(number)
                          : std::string(known->name);
    fail(reading_ + " has the unsupported type " + type + "; supported are "
         + std::string(supported_types));
  }
  entry.view.type = *known->type;
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
