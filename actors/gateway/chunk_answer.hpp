// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The answer to a chunk of a session: what the session holds now.
#pragma once

#include "actors/gateway/answer_writer.hpp"

#include <string>

namespace sluice::actors {

class chunk_answer final : public answer_writer {
public:
  explicit chunk_answer(const api_request& request)
      : answer_writer{request}, session_{request.session} {}

  std::string body() const override;

private:
  std::string say(std::size_t, const text_delta&) override { return {}; }

  std::string session_;
};

} // namespace sluice::actors
