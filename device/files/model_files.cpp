// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/model_files.hpp"

#include "device/error.hpp"
#include "device/files/config_check.hpp"
#include "device/files/config_from_gguf.hpp"
#include "device/files/config_from_json.hpp"
#include "device/files/tensor_store.hpp"

#include <cassert>
#include <mutex>
#include <utility>

namespace sluice::device {

namespace fs = std::filesystem;

struct model_files::impl {
  fs::path path;
  model_config config;
  tensor_store store;
  tensor_totals totals;
  std::once_flag identified = {};
  content_id identity = {};
};

namespace {

bool is_folder(const fs::path& path) {
  std::error_code ignored; // what cannot be read fails when it is opened
  return fs::is_directory(path, ignored);
}

/// Folders may leave the vocabulary's size to the embedding.
void complete_vocabulary(model_config& config, const tensor_store& store,
                         const std::string& where) {
  if (config.vocabulary == 0) {
    config.vocabulary = checked_count(store.vocabulary(), max_vocabulary, where,
                                      "the vocabulary's size");
  }
  tidy_special_tokens(config);
}

} // namespace

model_files model_files::open(const fs::path& path) {
  if (is_folder(path)) {
    auto config = config_from_json(path);
    tensor_store store(safetensors_folder::open(path));
    complete_vocabulary(config, store, path.string());
    const auto totals = check_tensors(store, config, path.string());
    return model_files(std::unique_ptr<impl>(
        new impl{path, std::move(config), std::move(store), totals}));
  }
  auto file = gguf_file::open(path);
  auto config = config_from_gguf(file);
  tensor_store store(std::move(file));
  const auto totals = check_tensors(store, config, path.string());
  return model_files(std::unique_ptr<impl>(
      new impl{path, std::move(config), std::move(store), totals}));
}

model_files::model_files(std::unique_ptr<impl> state)
    : impl_(std::move(state)) {}

model_files::~model_files() = default;
model_files::model_files(model_files&&) noexcept = default;
model_files& model_files::operator=(model_files&&) noexcept = default;

const fs::path& model_files::path() const noexcept {
  return impl_->path;
}

const model_config& model_files::config() const noexcept {
  return impl_->config;
}

std::optional<tensor_view> model_files::find(tensor_role role,
                                             std::size_t layer,
                                             std::size_t expert) const {
  const auto& config = impl_->config;
  assert(scope_of(role) == scope::model || layer < config.layers);
  assert(scope_of(role) != scope::expert || expert < config.experts
         || config.experts == 0);
  if (role == tensor_role::output && config.tied_embeddings) {
    role = tensor_role::token_embedding;
  }
  if (presence_of(role, config, layer) == presence::never) {
    return {};
  }
  return impl_->store.find(config, role, layer, expert);
}

tensor_view model_files::require(tensor_role role, std::size_t layer,
                                 std::size_t expert) const {
  if (auto tensor = find(role, layer, expert)) {
    return std::move(*tensor);
  }
  throw model_error(
      impl_->path.string() + ": tensor \""
      + impl_->store.expected_name(impl_->config, role, layer, expert)
      + "\" is missing");
}

void model_files::expect(const tensor_view& tensor) const noexcept {
  impl_->store.expect(tensor);
}

void model_files::read(std::span<std::byte> out, const std::byte* from) const {
  impl_->store.read(out, from);
}

const gguf_file* model_files::gguf() const noexcept {
  return impl_->store.gguf();
}

const content_id& model_files::identity() const {
  std::call_once(impl_->identified,
                 [&] { impl_->identity = content_id_of(impl_->path); });
  return impl_->identity;
}

std::uint64_t model_files::weight_bytes() const noexcept {
  return impl_->totals.bytes;
}

std::uint64_t model_files::parameters() const noexcept {
  return impl_->totals.parameters;
}

std::string_view model_files::weight_format() const noexcept {
  return name(impl_->totals.most_common);
}

} // namespace sluice::device
