// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/host/edge_message.hpp"

#include <type_traits>

namespace sluice::actors {

request_id id_of(const edge_message& message) {
  return std::visit([](const auto& one) { return one.id; }, message);
}

caf::message to_caf(edge_message message) {
  return std::visit(
      []<class T>(T& one) {
        if constexpr (std::is_same_v<T, generated>) {
          step_output step;
          step.answers.push_back(std::move(one));
          return caf::make_message(std::move(step));
        } else {
          return caf::make_message(std::move(one));
        }
      },
      message);
}

void for_each_value(const caf::type_erased_tuple& content,
                    const std::function<void(const edge_message&)>& show) {
  if (content.match_elements<step_output>())
    for (const auto& one : content.get_as<step_output>(0).answers)
      show(one);
  else if (content.match_elements<text_delta>())
    show(content.get_as<text_delta>(0));
  else if (content.match_elements<generation>())
    show(content.get_as<generation>(0));
  else if (content.match_elements<prompt>())
    show(content.get_as<prompt>(0));
  else if (content.match_elements<request>())
    show(content.get_as<request>(0));
}

} // namespace sluice::actors
