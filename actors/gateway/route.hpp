// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The gateway's table of endpoints: which path takes which method. Used by
// front; knows nothing of what the endpoints do.
#pragma once

#include "transport/http/message.hpp"

#include <cstdint>
#include <string_view>

namespace sluice::actors {

struct route {
  enum class target : std::uint8_t {
    index,
    health,
    metrics,
    models,
    chat,
    completions,
    embeddings,
    native,
    responses,
    props,
    slots,
    tokenize,
    detokenize,
    session_open,
    session_append,
    session_generate,
    session_delete,
  };
  std::string_view path;
  std::string_view method; ///< GET takes HEAD as well
  target to;

  /// For the Allow header.
  std::string_view allowed() const;
  bool takes(std::string_view asked) const;
};

/// Null: no such endpoint.
const route* find_route(std::string_view path);

/// The 405 that names the right method.
transport::http::response wrong_method(const route& to,
                                       std::string_view method);

/// The page of GET /: every endpoint on a line.
std::string_view index_page();

} // namespace sluice::actors
