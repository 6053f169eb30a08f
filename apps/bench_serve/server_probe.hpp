// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What has to be asked of a server before load is put on it: is it there, what
// does it serve, how does it count tokens. Speaks the dialects of sluice, vLLM
// and llama.cpp.
#pragma once

#include "apps/bench_serve/prompt_text.hpp"
#include "apps/bench_serve/workload.hpp"
#include "transport/http/client.hpp"

#include <string>

namespace sluice::apps {

class server_probe {
public:
  server_probe(const transport::address& where,
               transport::http::header_list headers);

  /// Waits while /health answers 503. Throws http_error when nobody listens.
  void wait_until_ready(std::chrono::milliseconds patience);
  /// The first name of /v1/models; empty when there is no such list.
  std::string first_model();
  /// How to write text of a given length. `found_by` becomes "/tokenize",
  /// "usage" or "", which is a guess of one token per word.
  calibration learn_tokenizer(const request_form& form, std::string& found_by);

private:
  std::optional<boost::json::object> ask(std::string_view target,
                                         const boost::json::object& body);
  std::optional<std::uint32_t> tokenized(boost::json::object body,
                                         const request_form& form);
  std::optional<std::uint32_t> count_by_tokenize(const request_form& form,
                                                 const std::string& text);
  std::optional<std::uint32_t> count_by_usage(const request_form& form,
                                              const std::string& text);

  transport::http::header_list headers_;
  transport::http::client client_;
};

} // namespace sluice::apps
