// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The fields of llama.cpp's /completion that name tokens by id or by text:
// `prompt` and `logit_bias`. Texts become ids with the asked model's tokenizer.
// Throws field_error.
#pragma once

#include "actors/gateway/api_request.hpp"
#include "actors/gateway/door.hpp"
#include "actors/gateway/fields.hpp"

#include <boost/json/array.hpp>

#include <utility>

namespace sluice::actors {

class native_tokens {
public:
  using bias_list = std::vector<std::pair<std::int32_t, float>>;

  /// Both must outlive it.
  native_tokens(const fields& in, const served_model& model)
      : in_{in}, model_{model} {}

  /// At most `most_prompts`. Those of ids have their text, too.
  std::vector<prompt_source> prompts(std::size_t most_prompts) const;
  /// `false` for a bias is minus infinity.
  bias_list biases() const;

private:
  void read_bias(const boost::json::value& key, const boost::json::value& value,
                 const std::string& path, bias_list& to) const;
  prompt_source read_prompt(const boost::json::value& value,
                            const std::string& path) const;
  prompt_source read_mixed(const boost::json::array& parts,
                           const std::string& path) const;
  std::vector<std::int32_t> encode(std::string_view text, bool add_special,
                                   const std::string& path) const;

  const fields& in_;
  const served_model& model_;
};

} // namespace sluice::actors
