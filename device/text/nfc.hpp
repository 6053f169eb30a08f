// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Unicode normalization form C (Unicode Standard Annex 15): "e" and a
// combining acute become "é". Used by the normalizer, for tokenizers that were
// trained on such text. Knows nothing of tokens.
#pragma once

#include <string>

namespace sluice::device {

/// Rewrites `text` in form C; invalid bytes stay where they are.
void compose_nfc(std::string& text);

} // namespace sluice::device
