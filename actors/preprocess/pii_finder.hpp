// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Finds personal data in text: e-mail addresses, phone numbers, payment cards
// (Luhn) and IBANs (mod 97). Used by label rules (`find: pii`). It prefers to
// find too much: a false label costs a detour, a missed one leaks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::actors {

enum class pii_kind : std::uint8_t { email, phone, card, iban };

std::string_view name(pii_kind kind) noexcept;

/// The first kind found in `text`, or nothing.
std::optional<pii_kind> find_pii(std::string_view text);

/// The Luhn check of ISO/IEC 7812 over a string of digits.
bool luhn_holds(std::string_view digits) noexcept;

/// The mod 97 check of ISO 13616; `iban` without spaces, upper case.
bool iban_holds(std::string_view iban) noexcept;

} // namespace sluice::actors
