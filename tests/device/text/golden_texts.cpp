// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "golden_texts.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace sluice::device::test {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot open " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> golden_texts(const std::filesystem::path& inp) {
  const auto all = read_file(inp);
  const std::string mark = "\n__ggml_vocab_test__\n";
  std::vector<std::string> texts;
  std::size_t begin = 0;
  for (auto end = all.find(mark); end != std::string::npos;
       end = all.find(mark, begin)) {
    texts.push_back(all.substr(begin, end - begin));
    begin = end + mark.size();
  }
  return texts;
}

std::vector<std::vector<std::int32_t>>
golden_ids(const std::filesystem::path& out) {
  std::istringstream lines(read_file(out));
  std::vector<std::vector<std::int32_t>> all;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    all.emplace_back(std::istream_iterator<std::int32_t>(words),
                     std::istream_iterator<std::int32_t>());
  }
  return all;
}

} // namespace sluice::device::test
