// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/tensor_store.hpp"

#include "device/error.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace sluice::device {

namespace {

constexpr std::size_t max_problems = 10;
constexpr std::size_t roles =
    static_cast<std::size_t>(tensor_role::expert_down) + 1;

struct prefixes {
  std::string_view model;
  std::string_view head;
};

constexpr std::array<prefixes, 3> known_prefixes{{
    {"model.", "lm_head."},
    {"language_model.model.", "language_model.lm_head."},
    {"model.language_model.", "lm_head."},
}};

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (const auto dimension : shape) {
    text += (text.size() == 1 ? "" : ", ") + std::to_string(dimension);
  }
  return text + "]";
}

std::string with_prefix(std::string_view name, std::string_view from,
                        std::string_view to) {
  return std::string(to) + std::string(name.substr(from.size()));
}

/// Checks a model's tensors one by one, and adds up what it finds.
class checker {
public:
  checker(const tensor_store& store, const model_config& config)
      : store_(store), config_(config) {}

  /// False when there are too many problems to go on.
  bool look_up(tensor_role role, std::size_t layer, std::size_t expert);
  /// All tensors of one role.
  bool look_up_all(tensor_role role);

  const std::vector<std::string>& problems() const { return problems_; }
  tensor_totals totals() const;

private:
  const tensor_store& store_;
  const model_config& config_;
  std::vector<std::string> problems_;
  std::uint64_t bytes_ = 0;
  std::array<std::uint64_t, 16> elements_{}; ///< by dtype
};

bool checker::look_up(tensor_role role, std::size_t layer, std::size_t expert) {
  const auto needed = presence_of(role, config_, layer);
  if (needed == presence::never) {
    return true;
  }
  try {
    if (const auto tensor = store_.find(config_, role, layer, expert)) {
      bytes_ += tensor->bytes();
      elements_[static_cast<std::size_t>(tensor->type)] += tensor->elements();
    } else if (needed == presence::always) {
      problems_.push_back("tensor \""
                          + store_.expected_name(config_, role, layer, expert)
                          + "\" is missing");
    }
  } catch (const model_error& error) {
    problems_.emplace_back(error.what());
  }
  return problems_.size() < max_problems;
}

bool checker::look_up_all(tensor_role role) {
  const auto range = scope_of(role);
  const auto layers = range == scope::model ? 1 : config_.layers;
  const auto experts = range == scope::expert ? config_.experts : 1;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    for (std::size_t expert = 0; expert < experts; ++expert) {
      if (!look_up(role, layer, expert)) {
        return false;
      }
    }
  }
  return true;
}

tensor_totals checker::totals() const {
  tensor_totals result;
  result.bytes = bytes_;
  for (const auto count : elements_) {
    result.parameters += count;
  }
  const auto most = std::max_element(elements_.begin(), elements_.end());
  result.most_common = static_cast<dtype>(most - elements_.begin());
  return result;
}

} // namespace

tensor_store::tensor_store(gguf_file file) : files_(std::move(file)) {}

tensor_store::tensor_store(safetensors_folder folder)
    : files_(std::move(folder)) {
  for (const auto& known : known_prefixes) {
    if (stored(std::string(known.model) + "norm.weight")) {
      model_prefix_ = known.model;
      head_prefix_ = known.head;
      return;
    }
  }
}

std::optional<tensor_view> tensor_store::stored(const std::string& name) const {
  return std::visit([&](const auto& files) { return files.find_tensor(name); },
                    files_);
}

std::string tensor_store::name_of(const tensor_place& place, std::size_t layer,
                                  std::size_t expert) const {
  if (gguf() != nullptr) {
    return fill_in(place.gguf, layer, expert);
  }
  const auto name = fill_in(place.folder, layer, expert);
  for (const auto& [standard, own] :
       {std::pair<std::string_view, std::string_view>{"model.", model_prefix_},
        {"lm_head.", head_prefix_}}) {
    if (name.starts_with(standard)) {
      return with_prefix(name, standard, own);
    }
  }
  return name;
}

std::optional<tensor_view> tensor_store::find(const model_config& config,
                                              tensor_role role,
                                              std::size_t layer,
                                              std::size_t expert) const {
  for (const auto& place : tensor_places()) {
    if (place.role != role || !applies(place.models, config)) {
      continue;
    }
    const auto name = name_of(place, layer, expert);
    const auto tensor =
        name.empty() ? std::optional<tensor_view>{} : stored(name);
    if (!tensor) {
      continue;
    }
    const auto expected = stored_shape(role, place.part, config);
    if (tensor->shape != expected) {
      throw model_error("tensor \"" + name + "\" has the shape "
                        + shape_text(tensor->shape) + ", not "
                        + shape_text(expected));
    }
    if (tensor->type == dtype::i32) {
      throw model_error("tensor \"" + name + "\" holds integers, not weights");
    }
    return cut(*tensor, role, place.part, config, expert);
  }
  return {};
}

std::size_t tensor_store::vocabulary() const {
  const auto& place = tensor_places().front();
  const auto tensor = stored(name_of(place, 0, 0));
  return tensor && !tensor->shape.empty() ? tensor->shape.front() : 0;
}

std::string tensor_store::expected_name(const model_config& config,
                                        tensor_role role, std::size_t layer,
                                        std::size_t expert) const {
  for (const auto& place : tensor_places()) {
    if (place.role == role && applies(place.models, config)) {
      if (auto name = name_of(place, layer, expert); !name.empty()) {
        return name;
      }
    }
  }
  return {};
}

tensor_totals check_tensors(const tensor_store& store,
                            const model_config& config,
                            const std::string& where) {
  checker all(store, config);
  bool complete = true;
  for (std::size_t role = 0; role < roles && complete; ++role) {
    complete = all.look_up_all(static_cast<tensor_role>(role));
  }
  if (all.problems().empty()) {
    return all.totals();
  }
  auto text = where + ": ";
  for (const auto& problem : all.problems()) {
    text += (&problem == &all.problems().front() ? "" : "; ") + problem;
  }
  throw model_error(complete ? text : text + "; and maybe more");
}

} // namespace sluice::device
