// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The fields that ask for structured output: OpenAI's response_format, vLLM's
// guided_... and structured_outputs, llama.cpp's grammar and json_schema. At
// most one of them. What they ask for is compiled later, where the model is
// known.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

#include <boost/json/serialize.hpp>

namespace sluice::actors {

namespace json = boost::json;

namespace {

using device::grammar_kind;

class grammar_fields {
public:
  explicit grammar_fields(device::grammar_source& out) : out_{out} {}

  void read(const fields& in) {
    read_response_format(in);
    read_schema(in, "guided_json");
    read_text(in, "guided_regex", grammar_kind::regex);
    read_choice(in, "guided_choice");
    read_text(in, "guided_grammar", grammar_kind::gbnf);
    read_text(in, "grammar", grammar_kind::gbnf);
    read_schema(in, "json_schema");
    if (const auto* options = in.object("structured_outputs")) {
      const fields inside{*options, in.path("structured_outputs") + "."};
      read_schema(inside, "json");
      read_text(inside, "regex", grammar_kind::regex);
      read_choice(inside, "choice");
      read_text(inside, "grammar", grammar_kind::gbnf);
      if (inside.boolean("json_object").value_or(false))
        set(grammar_kind::json_object, {}, inside.path("json_object"));
    }
  }

private:
  void set(grammar_kind kind, std::string text, const std::string& path) {
    if (out_)
      refuse(path, "is not allowed together with '" + out_.name + "'");
    out_ = {kind, std::move(text), path};
  }

  void read_response_format(const fields& in) {
    const auto* format = in.object("response_format");
    if (format == nullptr)
      return;
    const fields inside{*format, in.path("response_format") + "."};
    const auto type = inside.text("type").value_or("");
    if (type == "json_object")
      set(grammar_kind::json_object, {}, in.path("response_format"));
    else if (type == "json_schema")
      read_named_schema(inside);
    else if (type != "text")
      refuse(inside.path("type"),
             "must be 'text', 'json_object' or 'json_schema'");
  }

  // OpenAI wraps the schema in {name, schema, strict}; every schema is held to
  // strictly here.
  void read_named_schema(const fields& format) {
    const auto* wrapped = format.object("json_schema");
    if (wrapped == nullptr)
      refuse(format.path("json_schema"), "is required");
    const fields inside{*wrapped, format.path("json_schema") + "."};
    inside.text("name");
    inside.boolean("strict");
    if (inside.find("schema") == nullptr)
      refuse(inside.path("schema"), "is required");
    read_schema(inside, "schema");
  }

  // As JSON, or as a string that holds it.
  void read_schema(const fields& in, std::string_view name) {
    const auto* value = in.find(name);
    if (value == nullptr)
      return;
    if (!value->is_object() && !value->is_bool() && !value->is_string())
      refuse(in.path(name), "must be an object, or a string with one", *value);
    set(grammar_kind::json_schema,
        value->is_string() ? std::string{value->get_string()}
                           : json::serialize(*value),
        in.path(name));
  }

  void read_text(const fields& in, std::string_view name, grammar_kind kind) {
    const auto text = in.text(name);
    // llama.cpp's clients send "" for none.
    if (text && !text->empty())
      set(kind, std::string{*text}, in.path(name));
  }

  void read_choice(const fields& in, std::string_view name) {
    const auto* list = in.array(name);
    if (list == nullptr)
      return;
    if (list->empty())
      refuse(in.path(name), "must not be empty");
    for (std::size_t i = 0; i < list->size(); ++i)
      if (!(*list)[i].is_string() || (*list)[i].get_string().empty())
        refuse(in.path(name) + "[" + std::to_string(i) + "]",
               "must be a string, not empty", (*list)[i]);
    set(grammar_kind::choice, json::serialize(*list), in.path(name));
  }

  device::grammar_source& out_;
};

} // namespace

void read_grammar(const fields& in, api_request& out) {
  grammar_fields{out.sampling.grammar}.read(in);
}

} // namespace sluice::actors
