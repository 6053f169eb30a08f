// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// GPT-2's byte alphabet: every byte has a printable character, and byte-level
// vocabularies spell their tokens in it ("Ġthe" is " the"). Used where such a
// vocabulary is loaded and asked about.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::device {

/// The character that stands for `byte`, in UTF-8.
std::string_view spell_byte(unsigned char byte) noexcept;

/// Appends `bytes`, spelled.
void spell_bytes(std::string_view bytes, std::string& out);

/// Appends the bytes that `spelled` stands for; false, and `out` as it was,
/// if a character is not of the alphabet.
bool unspell_bytes(std::string_view spelled, std::string& out);

} // namespace sluice::device
