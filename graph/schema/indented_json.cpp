// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/schema/indented_json.hpp"

#include <boost/json.hpp>

#include <utility>

namespace sluice::graph {

namespace json = boost::json;

namespace {

void print(const json::value& value, std::size_t depth, std::string& out) {
  const auto indent = std::string(2 * depth + 2, ' ');
  auto begin = [&](bool first) { out += (first ? "\n" : ",\n") + indent; };
  auto end = [&](char close) {
    out += "\n" + std::string(2 * depth, ' ');
    out += close;
  };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : *object) {
      begin(std::exchange(first, false));
      out += json::serialize(json::string(key)) + ": ";
      print(item, depth + 1, out);
    }
    end('}');
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += '[';
    bool first = true;
    for (const auto& item : *array) {
      begin(std::exchange(first, false));
      print(item, depth + 1, out);
    }
    end(']');
  } else {
    out += json::serialize(value);
  }
}

} // namespace

std::string indented(const boost::json::value& value) {
  std::string out;
  print(value, 0, out);
  return out + "\n";
}

} // namespace sluice::graph
