// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/safetensors.hpp"

#include "device/error.hpp"
#include "device/files/json_fields.hpp"
#include "device/files/shown.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::device {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

// The format's own bound on its header.
constexpr std::uint64_t max_header_bytes = 100'000'000;

struct number_format {
  std::string_view name;
  std::size_t bytes;
  std::optional<dtype> type;
};

// Formats below a byte are left out: they do not load and their size is moot.
constexpr std::array<number_format, 15> formats{{
    {"F32", 4, dtype::f32},
    {"F16", 2, dtype::f16},
    {"BF16", 2, dtype::bf16},
    {"I32", 4, dtype::i32},
    {"F64", 8, {}},
    {"I64", 8, {}},
    {"U64", 8, {}},
    {"U32", 4, {}},
    {"I16", 2, {}},
    {"U16", 2, {}},
    {"I8", 1, {}},
    {"U8", 1, {}},
    {"BOOL", 1, {}},
    {"F8_E4M3", 1, {}},
    {"F8_E5M2", 1, {}},
}};

/// A tensor's bytes [begin, end) in the data section.
struct placed {
  std::string name;
  std::uint64_t begin;
  std::uint64_t end;
};

/// Product of the shape, or empty when one is 0 or it exceeds `most`.
std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& shape,
                                     std::uint64_t most) {
  std::uint64_t elements = 1;
  for (const auto dimension : shape) {
    if (dimension == 0 || dimension > most / elements) {
      return {};
    }
    elements *= dimension;
  }
  return elements;
}

/// Checks one header entry; `room` is the size of the data section.
placed read_place(const json_fields& entry, const std::string& name,
                  std::size_t element_bytes, std::uint64_t room) {
  const auto offsets = entry.find_uints("data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    entry.fail("data_offsets", "must be two integers, begin and end");
  }
  if (offsets[1] > room) {
    entry.fail("data_offsets", "end at byte " + std::to_string(offsets[1])
                                   + " of the tensor data, which has "
                                   + std::to_string(room)
                                   + " (is the file truncated?)");
  }
  const auto shape = entry.find_uints("shape");
  if (entry.find("shape") == nullptr || shape.size() > 8) {
    entry.fail("shape", "must be a list of at most 8 dimensions");
  }
  const auto bytes = offsets[1] - offsets[0];
  const auto elements = product(shape, room / element_bytes);
  if (!elements || *elements * element_bytes != bytes) {
    entry.fail("shape", "does not match the " + std::to_string(bytes)
                            + " bytes that data_offsets give it");
  }
  return {name, offsets[0], offsets[1]};
}

/// The format wants the data section covered by tensors, without overlap or
/// gap; so a name given twice shows as a gap.
void require_cover(std::vector<placed>& places, std::uint64_t room,
                   const fs::path& path) {
  std::sort(places.begin(), places.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].begin < places[i - 1].end) {
      throw model_error(path.string() + ": tensors " + shown(places[i - 1].name)
                        + " and " + shown(places[i].name) + " overlap");
    }
  }
  std::uint64_t covered = 0;
  for (const auto& place : places) {
    covered += place.end - place.begin;
  }
  if (covered != room) {
    throw model_error(path.string() + ": " + std::to_string(room - covered)
                      + " bytes of the tensor data belong to no tensor (does "
                        "the header name one twice?)");
  }
}

/// The header's length, checked against the file.
std::uint64_t header_bytes(std::span<const std::byte> bytes,
                           const fs::path& path) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof(length)) {
    throw model_error(path.string()
                      + ": truncated: no room for the header's length");
  }
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > bytes.size() - sizeof(length)) {
    throw model_error(path.string() + ": the header should have "
                      + std::to_string(length) + " bytes, but only "
                      + std::to_string(bytes.size() - sizeof(length))
                      + " follow (is the file truncated?)");
  }
  if (length > max_header_bytes) {
    throw model_error(path.string() + ": the header has "
                      + std::to_string(length)
                      + " bytes; 100000000 are the "
                        "most the format allows");
  }
  return length;
}

/// The text as a file name beside the index, or model_error.
std::string shard_name(const json::value& value, const fs::path& index) {
  const auto* text = value.if_string();
  const std::string name = text == nullptr ? "" : std::string(text->c_str());
  if (name.empty() || name == "." || name == ".."
      || name.find('/') != std::string::npos || name.size() != text->size()) {
    throw model_error(index.string()
                      + ": weight_map must name files of the same folder, not "
                      + (text == nullptr ? "something else" : shown(*text)));
  }
  return name;
}

} // namespace

safetensors_file safetensors_file::open(const fs::path& path) {
  safetensors_file result;
  result.file_ = mapped_file(path);
  const auto bytes = result.file_.bytes();
  const auto length = header_bytes(bytes, path);
  const auto header =
      parse_json_object({reinterpret_cast<const char*>(bytes.data()) + 8,
                         static_cast<std::size_t>(length)},
                        path.string() + ": header");
  const auto data = bytes.subspan(8 + length);
  std::vector<placed> places;
  const json_fields fields(header, path.string());
  for (const auto& member : header) {
    const std::string name{member.key().data(), member.key().size()};
    if (name == "__metadata__") {
      continue;
    }
    const auto entry = fields.find_object(name);
    if (!entry) {
      fields.fail(name, "must be an object");
    }
    const auto dtype_name = entry->find_string("dtype").value_or("");
    const auto* format =
        std::find_if(formats.begin(), formats.end(),
                     [&](const auto& f) { return f.name == dtype_name; });
    if (format == formats.end()) {
      entry->fail("dtype",
                  "is not a known number format: " + shown(dtype_name));
    }
    places.push_back(read_place(*entry, name, format->bytes, data.size()));
    if (!format->type) {
      result.unsupported_.emplace(name, dtype_name);
      continue;
    }
    const auto shape = entry->find_uints("shape");
    result.tensors_.emplace(name,
                            tensor_view{*format->type,
                                        {shape.begin(), shape.end()},
                                        data.data() + places.back().begin});
  }
  require_cover(places, data.size(), path);
  return result;
}

std::optional<tensor_view>
safetensors_file::find_tensor(std::string_view name) const {
  const std::string key{name};
  if (const auto found = tensors_.find(key); found != tensors_.end()) {
    return found->second;
  }
  if (const auto found = unsupported_.find(key); found != unsupported_.end()) {
    throw model_error(path().string() + ": tensor \"" + key
                      + "\" has the unsupported type " + found->second
                      + "; supported are F32, F16 and BF16");
  }
  return {};
}

safetensors_folder safetensors_folder::open(const fs::path& folder) {
  safetensors_folder result;
  const auto single = folder / "model.safetensors";
  const auto index = folder / "model.safetensors.index.json";
  std::error_code ignored; // a path that cannot be read is not there
  if (fs::exists(single, ignored)) {
    result.files_.push_back(safetensors_file::open(single));
  } else if (fs::exists(index, ignored)) {
    result.open_shards(index);
  } else {
    throw model_error(folder.string()
                      + ": has neither model.safetensors nor "
                        "model.safetensors.index.json");
  }
  return result;
}

void safetensors_folder::open_shards(const fs::path& index) {
  const auto object = read_json_object(index);
  const json_fields fields(object, index.string());
  if (!fields.find_object("weight_map")) {
    fields.fail("weight_map", "is missing");
  }
  std::unordered_map<std::string, std::size_t> opened;
  for (const auto& member : object.at("weight_map").get_object()) {
    const auto file = shard_name(member.value(), index);
    const auto [place, fresh] = opened.try_emplace(file, files_.size());
    if (fresh) {
      files_.push_back(safetensors_file::open(index.parent_path() / file));
    }
    shard_of_.emplace(std::string(member.key().data(), member.key().size()),
                      place->second);
  }
  if (files_.empty()) {
    fields.fail("weight_map", "is empty");
  }
}

std::optional<tensor_view>
safetensors_folder::find_tensor(std::string_view name) const {
  if (shard_of_.empty()) {
    return files_.front().find_tensor(name);
  }
  const auto found = shard_of_.find(std::string(name));
  if (found == shard_of_.end()) {
    return {};
  }
  const auto& file = files_[found->second];
  const auto tensor = file.find_tensor(name);
  if (!tensor) {
    throw model_error("tensor \"" + std::string(name) + "\" is not in "
                      + file.path().string() + ", where the index has it");
  }
  return tensor;
}

} // namespace sluice::device
