// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Texts and expected ids that come with real vocabularies, for the golden
// tests of the tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::device::test {

/// A whole file.
std::string read_file(const std::filesystem::path& path);

/// The texts of an .inp file, in order.
std::vector<std::string> golden_texts(const std::filesystem::path& inp);

/// The ids of each text, from an .out file: one line per text.
std::vector<std::vector<std::int32_t>>
golden_ids(const std::filesystem::path& out);

} // namespace sluice::device::test
