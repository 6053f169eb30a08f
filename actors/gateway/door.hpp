// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What HTTP threads, the gateway actor and the building program share: is the
// door open, what is served behind it. Thread-safe; knows no actor.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {
class tokenizer;
class chat_template;
} // namespace sluice::device

namespace sluice::actors {

/// A model as clients see it. The functions are called on HTTP threads, many
/// at once; they may be empty, then /tokenize and /detokenize say so.
struct served_model {
  std::vector<std::string> names; ///< the first one is listed first
  std::uint32_t context = 0;      ///< tokens of prompt and answer, 0: unknown
  std::int32_t vocabulary = 0;    ///< tokens, 0: unknown
  std::string fingerprint = {};   ///< changes when answers may; "": unknown
  std::string path = {};          ///< the file's name, without its folder
  std::string chat_template = {}; ///< as its files say it
  std::string bos_token = {};     ///< "<|bos|>"; "": none
  std::string eos_token = {};
  std::function<std::vector<std::int32_t>(std::string_view, bool add_special)>
      encode = {};
  std::function<std::string(std::span<const std::int32_t>)> decode = {};
  /// Conversation, tools and extra variables to prompt text. Throws
  /// device::model_error with the template's own words.
  std::function<std::string(const boost::json::array& messages,
                            const boost::json::array& tools,
                            const boost::json::object& options)>
      render = {};
};

/// The three functions from a tokenizer and a template (may be null).
served_model serve(std::vector<std::string> names, std::uint32_t context,
                   std::shared_ptr<const device::tokenizer> tokens,
                   std::shared_ptr<const device::chat_template> conversation);

using catalogue = std::vector<served_model>;

/// The model a request names, or the only one when it names none. Null: none.
const served_model* find_model(const catalogue& models, std::string_view name);

enum class door_phase : std::uint8_t { loading, open, draining };

class door {
public:
  struct view {
    door_phase phase = door_phase::loading;
    double progress = 0;                     ///< 0..1 while loading
    std::string what;                        ///< "large: 12 of 32 layers"
    std::shared_ptr<const catalogue> models; ///< null while loading
  };

  view look() const;
  /// Tells /health how far loading is.
  void loading(double progress, std::string what);
  /// Requests are taken from now on.
  void open(catalogue models);
  /// No more requests; final.
  void drain();

private:
  mutable std::mutex mutex_;
  view view_;
};

} // namespace sluice::actors
