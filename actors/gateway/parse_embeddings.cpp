// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// POST /v1/embeddings.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

namespace sluice::actors {

namespace {

constexpr std::int64_t most_dimensions = 1 << 20;

} // namespace

parsed<api_request> parse_embeddings(std::string_view body,
                                     const request_limits& limits) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    api_request out;
    out.kind = endpoint::embeddings;
    read_caller(in, out);
    out.prompts = read_prompts(in, "input", limits.inputs);
    for (std::size_t i = 0; i < out.prompts.size(); ++i)
      if (out.prompts[i].tokens.empty() && out.prompts[i].text.empty())
        refuse(in.path("input"), "must not hold an empty text");
    const auto format = in.text("encoding_format").value_or("float");
    if (format != "float" && format != "base64")
      refuse(in.path("encoding_format"), "must be 'float' or 'base64'",
             *in.find("encoding_format"));
    out.embedding.base64 = format == "base64";
    out.embedding.dimensions = static_cast<std::uint32_t>(
        in.integer("dimensions", 1, most_dimensions).value_or(0));
    out.reading.kind = device::reading_kind::embedding;
    out.prefill_only = true;
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

} // namespace sluice::actors
