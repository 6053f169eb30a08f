// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers from a runtime inside this process: no port, no HTTP.
#pragma once

#include "apps/sluice/answerer.hpp"
#include "sluice/runtime.hpp"

namespace sluice::apps {

class local_answerer : public answerer {
public:
  /// `graph` must outlive it.
  explicit local_answerer(runtime& graph) : graph_{graph} {}

  given_answer answer(const std::vector<chat_message>& messages,
                      const chat_options& options, const on_text& show,
                      const question& cancelled) override;

private:
  runtime& graph_;
};

} // namespace sluice::apps
