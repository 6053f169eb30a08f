// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/chat_template.hpp"

#include "device/chat/parser.hpp"
#include "device/chat/renderer.hpp"
#include "device/error.hpp"

namespace sluice::device {

namespace {

constexpr std::size_t max_source = std::size_t{1} << 20; // bytes

[[noreturn]] void fail(std::uint32_t line, const std::string& message) {
  throw model_error("chat template line " + std::to_string(line) + ": "
                    + message);
}

/// Line ends as \n, and without the last one, as jinja2 reads a template.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    const bool pair =
        source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n';
    if (!pair)
      out += source[i] == '\r' ? '\n' : source[i];
  }
  if (out.ends_with('\n'))
    out.pop_back();
  return out;
}

} // namespace

struct chat_template::impl {
  jinja::program program;
};

chat_template::chat_template(std::string_view source)
    : impl_(std::make_unique<impl>()) {
  if (source.size() > max_source)
    throw model_error("chat template: " + std::to_string(source.size())
                      + " bytes, more than the limit of "
                      + std::to_string(max_source));
  impl_->program.source = normalized(source);
  try {
    jinja::parser(impl_->program).run();
  } catch (const jinja::syntax_fault& e) {
    fail(e.line, e.message);
  }
}

chat_template::~chat_template() = default;
chat_template::chat_template(chat_template&&) noexcept = default;
chat_template& chat_template::operator=(chat_template&&) noexcept = default;

std::string chat_template::render(const chat_input& input) const {
  jinja::heap memory;
  jinja::renderer renderer(impl_->program, memory, input.now);
  try {
    const auto& names = impl_->program.symbols;
    for (jinja::symbol id = 0; id < names.size(); ++id) {
      const std::string_view name = names[id];
      if (const auto* extra = input.extra.if_contains(name))
        renderer.define(id, from_json(memory, *extra));
      else if (name == "messages")
        renderer.define(id, from_json(memory, input.messages));
      else if (name == "tools" && !input.tools.is_null())
        renderer.define(id, from_json(memory, input.tools));
      else if (name == "bos_token")
        renderer.define(id, jinja::value::of_text(input.bos_token));
      else if (name == "eos_token")
        renderer.define(id, jinja::value::of_text(input.eos_token));
      else if (name == "add_generation_prompt")
        renderer.define(id, jinja::value::of_bool(input.add_generation_prompt));
    }
    return renderer.run();
  } catch (const jinja::fault& e) {
    fail(renderer.line(), e.what());
  }
}

} // namespace sluice::device
