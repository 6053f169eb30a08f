// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Lists, texts and enumerations in both directions: what the codecs of this
// folder share.
#pragma once

#include "actors/link/codec.hpp"

#include <capnp/list.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::actors {

inline capnp::Text::Reader text_of(const std::string& text) {
  return {text.c_str(), text.size()};
}

inline std::string to_string(capnp::Text::Reader text) {
  return {text.cStr(), text.size()};
}

inline capnp::Data::Reader data_of(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

inline std::string bytes_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

inline unsigned count_of(std::size_t size) {
  return static_cast<unsigned>(size);
}

/// Numbers to a list of the same numbers.
template <class Builder, class T>
void write_numbers(Builder to, const std::vector<T>& from) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, from[i]);
}

template <class T, class Reader>
std::vector<T> read_numbers(Reader from) {
  std::vector<T> out;
  out.reserve(from.size());
  for (const auto one : from)
    out.push_back(one);
  return out;
}

inline void write_texts(capnp::List<capnp::Text>::Builder to,
                        const std::vector<std::string>& from) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, text_of(from[i]));
}

inline std::vector<std::string>
read_texts(capnp::List<capnp::Text>::Reader from) {
  std::vector<std::string> out;
  out.reserve(from.size());
  for (const auto one : from)
    out.push_back(to_string(one));
  return out;
}

/// Pairs of an id and a number.
template <class Builder>
void write_ids(Builder to,
               const std::vector<std::pair<std::int32_t, float>>& from) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setId(from[i].first);
    to[i].setValue(from[i].second);
  }
}

template <class Reader>
std::vector<std::pair<std::int32_t, float>> read_ids(Reader from) {
  std::vector<std::pair<std::int32_t, float>> out;
  out.reserve(from.size());
  for (const auto one : from)
    out.emplace_back(one.getId(), one.getValue());
  return out;
}

inline void write_keys(capnp::List<capnp::Data>::Builder to,
                       const std::vector<chain_key>& from) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, {from[i].bytes.data(), from[i].bytes.size()});
}

inline chain_key read_key(capnp::Data::Reader from) {
  chain_key out;
  if (from.size() != out.bytes.size())
    throw codec_error("a block's key has " + std::to_string(from.size())
                      + " bytes");
  std::memcpy(out.bytes.data(), from.begin(), out.bytes.size());
  return out;
}

inline std::vector<chain_key> read_keys(capnp::List<capnp::Data>::Reader from) {
  std::vector<chain_key> out;
  out.reserve(from.size());
  for (const auto one : from)
    out.push_back(read_key(one));
  return out;
}

/// A value of an enumeration whose last one is `last`.
template <class Enum>
Enum read_enum(std::uint8_t value, Enum last) {
  if (value > static_cast<std::uint8_t>(last))
    throw codec_error("a value of " + std::to_string(value)
                      + " where there are only "
                      + std::to_string(static_cast<int>(last)));
  return static_cast<Enum>(value);
}

} // namespace sluice::actors
