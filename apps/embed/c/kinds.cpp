// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Actors of a C host.
#include "apps/embed/c/convert.hpp"
#include "apps/embed/c/guard.hpp"

#include <cerrno>
#include <cstdlib>

namespace sluice::apps {

namespace {

[[noreturn]] void refuse(const std::string& setting, const char* wanted) {
  throw error(error_code::bad_argument,
              "the fallback of setting '" + setting + "' is not " + wanted);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

setting_value read_fallback(const std::string& name, setting_type type,
                            const char* text) {
  const std::string given = text_or_empty(text);
  char* end = nullptr;
  errno = 0;
  switch (type) {
  case setting_type::text:
    return given;
  case setting_type::integer: {
    const auto value = std::strtoll(given.c_str(), &end, 10);
    if (*end != '\0' || errno != 0)
      refuse(name, "a whole number");
    return std::int64_t{value};
  }
  case setting_type::number: {
    const auto value = std::strtod(given.c_str(), &end);
    if (*end != '\0' || errno != 0)
      refuse(name, "a number");
    return value;
  }
  case setting_type::truth:
    if (!given.empty() && given != "true" && given != "false")
      refuse(name, "true or false");
    return given == "true";
  case setting_type::texts:
    return lines_of(given);
  }
  throw error(error_code::bad_argument,
              "setting '" + name + "' is of no type that there is");
}

struct to_text {
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(std::int64_t value) const {
    return std::to_string(value);
  }
  std::string operator()(double value) const {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
  }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const std::vector<std::string>& value) const {
    std::string out;
    for (const auto& one : value)
      out += (out.empty() ? "" : "\n") + one;
    return out;
  }
};

std::vector<port> ports(const sluice_port* list, std::size_t count) {
  std::vector<port> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& one = (&needed(list, "ports"))[i];
    if (one.type < SLUICE_REQUEST || one.type > SLUICE_TEXT)
      throw error(error_code::bad_argument,
                  "port '" + text_or_empty(one.name)
                      + "' is of no type that there is");
    out.push_back(
        {&needed(one.name, "port name"), static_cast<message_type>(one.type)});
  }
  return out;
}

class c_actor : public host_actor {
public:
  c_actor(const sluice_kind& kind, const actor_context& context)
      : kind_{kind}, out_{context.out} {
    sluice_settings settings;
    for (const auto& [name, value] : context.settings)
      settings.values.emplace(name, std::visit(to_text{}, value));
    if (const int code = kind_.make(kind_.user, context.name.c_str(), &settings,
                                    &out_, &object_);
        code != 0)
      throw error(error_code::host_failed,
                  "make returned " + std::to_string(code) + " for actor '"
                      + context.name + "'");
  }

  ~c_actor() override {
    if (kind_.destroy)
      kind_.destroy(object_);
  }

  void receive(std::string_view port, message what) override {
    const message_view view{std::move(what)};
    if (const int code =
            kind_.receive(object_, std::string(port).c_str(), &view, &out_);
        code != 0)
      throw error(error_code::host_failed,
                  "receive returned " + std::to_string(code));
  }

  void cancelled(std::uint64_t id) override {
    if (kind_.cancelled)
      kind_.cancelled(object_, id);
  }

private:
  sluice_kind kind_; // its arrays are not looked at any more
  sluice_outputs out_;
  void* object_ = nullptr;
};

} // namespace

actor_kind to_kind(const sluice_kind& given) {
  const auto from = sized(given, sluice_kind_init);
  needed(from.make, "make");
  needed(from.receive, "receive");
  actor_kind out;
  out.name = &needed(from.name, "kind name");
  out.inputs = ports(from.inputs, from.input_count);
  out.outputs = ports(from.outputs, from.output_count);
  for (std::size_t i = 0; i < from.setting_count; ++i) {
    const auto& one = (&needed(from.settings, "settings"))[i];
    setting made;
    made.name = &needed(one.name, "setting name");
    if (one.type < SLUICE_SETTING_TEXT || one.type > SLUICE_SETTING_TEXTS)
      throw error(error_code::bad_argument,
                  "setting '" + made.name + "' is of no type that there is");
    made.type = static_cast<setting_type>(one.type);
    made.required = one.required != 0;
    made.fallback = read_fallback(made.name, made.type, one.fallback);
    out.settings.push_back(std::move(made));
  }
  out.make = [from](const actor_context& context) {
    return std::make_unique<c_actor>(from, context);
  };
  return out;
}

} // namespace sluice::apps

using namespace sluice::apps;

extern "C" {

void sluice_kind_init(sluice_kind* kind) {
  if (!kind)
    return;
  std::memset(kind, 0, sizeof *kind);
  kind->size = sizeof *kind;
}

const char* sluice_setting_value(const sluice_settings* settings,
                                 const char* name) {
  if (!settings || !name)
    return nullptr;
  const auto at = settings->values.find(std::string_view(name));
  return at == settings->values.end() ? nullptr : at->second.c_str();
}

sluice_code sluice_emit(sluice_outputs* outputs, const char* port,
                        const sluice_message* message) {
  return guarded(
      [&] {
        needed(outputs, "outputs")
            .real.emit(&needed(port, "port"),
                       to_message(needed(message, "message")));
      },
      [](const char*) {});
}

sluice_code sluice_refuse(sluice_outputs* outputs, uint64_t id,
                          const char* text) {
  return guarded(
      [&] { needed(outputs, "outputs").real.refuse(id, text_or_empty(text)); },
      [](const char*) {});
}

} // extern "C"
