// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// From what a client wrote to an automaton over a model's tokens. The one entry
// to this folder for callers that are not the sampler.
#pragma once

#include "device/grammar/compiled_grammar.hpp"
#include "device/grammar/grammar_source.hpp"

#include <memory>

namespace sluice::device {

/// Compiles `source`, which must not be of kind none. Bounded in time and
/// memory. Throws model_error naming the source and the path, line or column
/// of what is wrong, unsupported, impossible to match or too complex.
std::shared_ptr<const compiled_grammar>
compile_grammar(const grammar_source& source,
                std::shared_ptr<const token_trie> vocabulary);

} // namespace sluice::device
