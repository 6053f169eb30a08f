// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// JSON Schema as a grammar of JSON documents. Members come in the order in
// which they are declared; a schema without `type` means the types its keywords
// are about; members that are not declared come only where
// additionalProperties says so or nothing is declared. Every document that the
// grammar allows is valid; valid documents that are spelled in another way are
// not all allowed. docs/http-api.md lists the keywords.
#pragma once

#include "device/grammar/syntax.hpp"

#include <boost/json/value.hpp>

namespace sluice::device {

/// Throws model_error: ".properties.a.type: ..." where the schema is wrong, or
/// says what is not supported.
expression parse_json_schema(const boost::json::value& schema, syntax& into,
                             work_budget& budget);

/// Any JSON object.
expression parse_json_object(syntax& into);

} // namespace sluice::device
