// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the tool call parsers of all conventions share: text that is held
// back, and the call that is being read. Nobody else needs this header.
#pragma once

#include "actors/postprocess/call_scanner.hpp"
#include "actors/postprocess/tool_call_parser.hpp"

#include <optional>

namespace sluice::actors {

class call_reader : public tool_call_parser {
public:
  /// Ids have `id_length` letters and digits after `id_prefix`.
  call_reader(request_id request, std::string_view id_prefix,
              std::size_t id_length);

  void push(std::string_view piece, call_output& out) final;
  void finish(call_output& out) final;
  std::uint32_t calls() const noexcept final { return count_; }

protected:
  enum class progress : std::uint8_t { more, done, failed };

  /// Works on `held_`; false when it needs more text.
  virtual bool step(call_output& out) = 0;
  virtual bool may_call(const std::string& /*name*/) const { return true; }

  /// Moves text to `out` up to `marker`, which is taken away with the white
  /// space before it; false when it is not there (yet).
  bool find_marker(std::string_view marker, call_output& out);
  /// Begins to read a call at the front of `held_`; `lead` is the text before
  /// it that comes out again if it is none.
  void open_call(std::string lead);
  /// Reads the open call. When it failed without having been announced, its
  /// lead is in `out` and its text in `held_` again.
  progress read_call(call_output& out);
  void skip_space();

  std::string held_;     // text that nothing is known about yet
  std::string lead_;     // marker whose call is not announced yet
  bool closing_ = false; // what is held is at most the end of a marker

private:
  void announce(call_output& out);
  void append_arguments(call_output& out);
  std::string next_id() const;

  request_id request_;
  std::string_view id_prefix_;
  std::size_t id_length_;
  std::optional<call_scanner> open_;
  std::string raw_; // of the open call while it is not announced
  bool announced_ = false;
  std::uint32_t count_ = 0;
};

} // namespace sluice::actors
