// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Graphs that the tests of the embedding interface open.
#pragma once

#include "sluice/runtime.hpp"

#include <string>

namespace embed_tests {

/// A chat with a gateway on a free port.
inline const std::string chat = R"(graph: chat
models:
  edge: {path: models/edge-q8_0.gguf}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 1, kv_memory: 64MiB}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
)";

/// The same without a gateway.
inline const std::string plain = R"(graph: plain
models:
  edge: {path: models/edge-q8_0.gguf}
actors:
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 1, kv_memory: 64MiB}
  done: {kind: postprocess, model: edge}
flow:
  - prep -> home -> done
)";

inline sluice::runtime_options options() {
  sluice::runtime_options out;
  out.folder = "examples";
  out.threads = 1;
  return out;
}

inline sluice::request question(std::string text = "The history of the number",
                                std::uint32_t max_tokens = 16) {
  sluice::request out;
  out.text = std::move(text);
  out.max_tokens = max_tokens;
  out.sampling.temperature = 0;
  out.sampling.ignore_eos = true;
  return out;
}

/// Whether a call throws sluice::error with this code; its text to `text`.
template <class Call>
bool refuses(Call call, sluice::error_code code, std::string* text = nullptr) {
  try {
    call();
  } catch (const sluice::error& error) {
    if (text)
      *text = error.what();
    return error.code() == code;
  }
  return false;
}

} // namespace embed_tests
