// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/content_id.hpp"

#include "device/error.hpp"
#include "device/files/mapped_file.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace sluice::device {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_of(const fs::path& path) {
  std::error_code ignored; // what cannot be read fails when it is opened
  if (!fs::is_directory(path, ignored))
    return {path};
  std::vector<fs::path> out{path / "config.json"};
  for (const auto& entry : fs::directory_iterator(path, ignored))
    if (entry.path().extension() == ".safetensors")
      out.push_back(entry.path());
  std::sort(out.begin() + 1, out.end());
  return out;
}

using digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

void check(bool done) {
  if (!done)
    throw model_error("SHA-256 is not available");
}

} // namespace

content_id content_id_of(const fs::path& path) {
  const digest sum(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  check(sum && EVP_DigestInit_ex(sum.get(), EVP_sha256(), nullptr) == 1);
  for (const auto& file : files_of(path)) {
    const mapped_file content(file);
    const auto bytes = content.bytes();
    // The length keeps files apart that are hashed one after the other.
    const std::uint64_t length = bytes.size();
    check(EVP_DigestUpdate(sum.get(), &length, sizeof length) == 1);
    check(EVP_DigestUpdate(sum.get(), bytes.data(), bytes.size()) == 1);
  }
  unsigned char whole[EVP_MAX_MD_SIZE];
  check(EVP_DigestFinal_ex(sum.get(), whole, nullptr) == 1);
  content_id out;
  std::copy_n(whole, out.size(), out.begin());
  return out;
}

} // namespace sluice::device
