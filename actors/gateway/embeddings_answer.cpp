// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/embeddings_answer.hpp"

#include "actors/gateway/json_text.hpp"
#include "device/model/prompt_reading.hpp"

#include <openssl/evp.h>

#include <bit>

namespace sluice::actors {

namespace {

std::string base64_of(const std::vector<float>& vector) {
  std::vector<unsigned char> bytes;
  bytes.reserve(vector.size() * 4);
  for (const auto value : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<unsigned char>(bits >> shift));
  }
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0'); // and a final zero
  const auto length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      bytes.data(), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string numbers_of(const std::vector<float>& vector) {
  std::string out = "[";
  for (const auto value : vector) {
    if (out.size() > 1)
      out += ',';
    append_logprob(out, value);
  }
  return out += ']';
}

} // namespace

std::string embeddings_answer::say(std::size_t input, const text_delta& delta) {
  if (delta.embedding.empty())
    return {};
  auto vector = delta.embedding;
  const auto wanted = form_.dimensions;
  if (wanted > vector.size()) {
    wrong_ = api_error{400,
                       "'dimensions' must be at most the model's "
                           + std::to_string(vector.size()) + ", not "
                           + std::to_string(wanted),
                       "dimensions",
                       {},
                       0};
    return {};
  }
  if (wanted > 0 && wanted < vector.size()) {
    const std::vector<double> front(vector.begin(), vector.begin() + wanted);
    vector = device::at_unit_length(front);
  }
  items_[input] =
      form_.base64 ? '"' + base64_of(vector) + '"' : numbers_of(vector);
  return {};
}

std::string embeddings_answer::body() const {
  std::string out = R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < items_.size(); ++i) {
    out += i > 0 ? "," : "";
    out += R"({"object":"embedding","index":)" + std::to_string(i)
           + R"(,"embedding":)" + items_[i] + '}';
  }
  out += R"(],"model":)";
  append_quoted(out, model_);
  const auto tokens = std::to_string(tally().prompt_tokens());
  return out += R"(,"usage":{"prompt_tokens":)" + tokens + R"(,"total_tokens":)"
                + tokens + "}}";
}

} // namespace sluice::actors
