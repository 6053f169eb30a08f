// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Texts, schemas and patterns put together: what a forced tool call looks like
// in a model's own notation. See grammar_kind::structure for the notation.
#pragma once

#include "device/grammar/syntax.hpp"

#include <boost/json/value.hpp>

namespace sluice::device {

/// Throws model_error: "[1].regex: ...".
expression parse_structure(const boost::json::value& part, syntax& into,
                           work_budget& budget);

} // namespace sluice::device
