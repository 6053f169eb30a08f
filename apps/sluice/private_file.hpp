// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Files that only their owner may read, written whole or not at all. For keys;
// knows nothing of what is in them.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::apps {

/// Writes `text` to `path` with mode 0600. Without `replace`, a file that is
/// there already is left alone. Throws std::runtime_error: "certs/ca.key exists
/// already (--force replaces it)", "cannot write ...: No space left on device".
void write_private_file(const std::filesystem::path& path,
                        const std::string& text, bool replace);

} // namespace sluice::apps
