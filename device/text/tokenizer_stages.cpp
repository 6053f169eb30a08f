// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/tokenizer_stages.hpp"

#include <functional>

namespace sluice::device {

namespace json = boost::json;

namespace {

/// Calls `visit` with each stage of one or of a sequence of them, in order,
/// and with its type. `list` is the sequence's member.
void each_stage(
    const json_file& file, const json::value& stage, std::string_view list,
    const std::function<void(const json::object&, std::string_view)>& visit) {
  const auto& fields = file.object(stage, "a stage of " + std::string(list));
  const auto type = file.string(file.require(fields, "type"), "type");
  if (type != "Sequence") {
    visit(fields, type);
    return;
  }
  for (const auto& inner : file.array(file.require(fields, list), list))
    each_stage(file, inner, list, visit);
}

const json::value* stage_of(const json_file& file, std::string_view key) {
  return file.find(file.object(file.root(), "the file"), key);
}

[[noreturn]] void unknown(const json_file& file, std::string_view stage,
                          std::string_view type) {
  file.fail(std::string(stage) + " of type '" + std::string(type)
            + "' is not supported");
}

regex literal(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    // PCRE2 takes a backslash before any ASCII character that is no letter
    // and no digit as "this character".
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || (byte >= '0' && byte <= '9')
                       || (byte >= 'a' && byte <= 'z')
                       || (byte >= 'A' && byte <= 'Z');
    if (!plain)
      pattern += '\\';
    pattern += c;
  }
  return regex(pattern);
}

/// {"Regex": "..."} or {"String": "..."}.
regex read_pattern(const json_file& file, const json::object& fields) {
  const auto& value = file.require(fields, "pattern");
  const auto& pattern = file.object(value, "pattern");
  if (const auto* expression = file.find(pattern, "Regex"))
    return regex(file.string(*expression, "Regex"));
  return literal(file.string(file.require(pattern, "String"), "String"));
}

split_behavior read_behavior(const json_file& file, const json::object& fields,
                             std::string_view otherwise) {
  const auto name = file.text(fields, "behavior", otherwise);
  if (name == "Isolated")
    return split_behavior::isolated;
  if (name == "Removed")
    return split_behavior::removed;
  if (name == "MergedWithPrevious")
    return split_behavior::merged_with_previous;
  if (name == "MergedWithNext")
    return split_behavior::merged_with_next;
  if (name == "Contiguous")
    return split_behavior::contiguous;
  file.fail("behavior '" + std::string(name) + "' is not known");
}

constexpr std::string_view byte_level_pattern =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
    "|\\s+(?!\\S)|\\s+";

/// Reads pre-tokenizers one after the other.
class pre_tokenizer_reader {
public:
  pre_tokenizer_reader(const json_file& file, tokenizer_parts& into)
      : file_(file), into_(into) {}

  void read(const json::object& fields, std::string_view type) {
    // The spelling matters only to a split that comes after it.
    if (spell_next_)
      into_.splits.add_byte_spelling();
    spell_next_ = false;
    if (type == "ByteLevel")
      read_byte_level(fields);
    else if (type == "Metaspace")
      read_metaspace(fields);
    else if (!read_split(fields, type))
      unknown(file_, "pre_tokenizer", type);
    begun_ = true;
  }

private:
  bool read_split(const json::object& fields, std::string_view type) {
    auto& splits = into_.splits;
    if (type == "Split")
      splits.add_split(read_pattern(file_, fields),
                       read_behavior(file_, fields, "Isolated"),
                       file_.flag(fields, "invert", false));
    else if (type == "Digits")
      splits.add_split(regex(file_.flag(fields, "individual_digits", false)
                                 ? "\\p{N}"
                                 : "\\p{N}+"));
    else if (type == "Punctuation")
      splits.add_split(regex("[\\p{P}!-/:-@\\[-`{-~]"),
                       read_behavior(file_, fields, "Isolated"));
    else if (type == "Whitespace")
      splits.add_split(regex("\\w+|[^\\w\\s]+"), split_behavior::removed, true);
    else if (type == "WhitespaceSplit")
      splits.add_split(regex("\\s"), split_behavior::removed);
    else
      return false;
    return true;
  }

  void read_byte_level(const json::object& fields) {
    if (file_.flag(fields, "add_prefix_space", true)) {
      must_be_first("ByteLevel with add_prefix_space");
      into_.prepare.add(prepend_rule{" ", true, false});
    }
    if (file_.flag(fields, "use_regex", true))
      into_.splits.add_split(regex(byte_level_pattern));
    spell_next_ = true;
  }

  void read_metaspace(const json::object& fields) {
    must_be_first("Metaspace");
    const std::string mark(
        file_.text(fields, "replacement", metaspace_character));
    const auto scheme = file_.text(
        fields, "prepend_scheme",
        file_.flag(fields, "add_prefix_space", true) ? "always" : "never");
    into_.prepare.add(replace_rule{" ", mark});
    if (scheme != "never")
      into_.prepare.add(prepend_rule{mark, true, scheme == "first"});
    if (file_.flag(fields, "split", true))
      into_.splits.add_split(literal(mark), split_behavior::merged_with_next);
  }

  void must_be_first(const char* what) const {
    if (begun_)
      file_.fail(std::string("pre_tokenizer: ") + what
                 + " is supported only as the first of a sequence");
  }

  const json_file& file_;
  tokenizer_parts& into_;
  bool begun_ = false;
  bool spell_next_ = false;
};

void read_template(const json_file& file, const json::object& fields,
                   tokenizer_parts& into) {
  const auto& specials =
      file.object(file.require(fields, "special_tokens"), "special_tokens");
  bool before = true;
  for (const auto& item :
       file.array(file.require(fields, "single"), "single")) {
    const auto& part = file.object(item, "an item of 'single'");
    if (file.find(part, "Sequence") != nullptr) {
      before = false;
      continue;
    }
    const auto& special =
        file.object(file.require(part, "SpecialToken"), "SpecialToken");
    const auto name = file.string(file.require(special, "id"), "id");
    const auto& entry = file.object(file.require(specials, name), name);
    for (const auto& value : file.array(file.require(entry, "ids"), "ids")) {
      const auto id = file.id(value, "an id of '" + std::string(name) + "'");
      if (!into.in_range(id))
        file.fail("post_processor: '" + std::string(name) + "' has id "
                  + std::to_string(id) + ", which is no token");
      (before ? into.prefix : into.suffix).push_back(id);
    }
  }
}

} // namespace

bool uses_byte_alphabet(const json_file& file) {
  bool found = false;
  const auto look = [&](const json::object&, std::string_view type) {
    found = found || type == "ByteLevel";
  };
  if (const auto* stage = stage_of(file, "pre_tokenizer"))
    each_stage(file, *stage, "pretokenizers", look);
  if (const auto* stage = stage_of(file, "decoder"))
    each_stage(file, *stage, "decoders", look);
  return found;
}

void read_normalizer(const json_file& file, tokenizer_parts& into) {
  const auto* stage = stage_of(file, "normalizer");
  if (stage == nullptr)
    return;
  const auto read = [&](const json::object& fields, std::string_view type) {
    if (type == "Prepend") {
      into.rewrite.add(
          prepend_rule{std::string(file.text(fields, "prepend", ""))});
    } else if (type == "Replace") {
      const std::string to(file.text(fields, "content", ""));
      const auto& pattern =
          file.object(file.require(fields, "pattern"), "pattern");
      if (const auto* from = file.find(pattern, "String"))
        into.rewrite.add(
            replace_rule{std::string(file.string(*from, "String")), to});
      else
        into.rewrite.add(replace_pattern_rule{read_pattern(file, fields), to});
    } else if (type == "Strip") {
      into.rewrite.add(strip_rule{file.flag(fields, "strip_left", true),
                                  file.flag(fields, "strip_right", true)});
    } else if (type == "NFC") {
      into.rewrite.add(nfc_rule{});
    } else {
      unknown(file, "normalizer", type);
    }
  };
  each_stage(file, *stage, "normalizers", read);
}

void read_pre_tokenizer(const json_file& file, tokenizer_parts& into) {
  const auto* stage = stage_of(file, "pre_tokenizer");
  if (stage == nullptr)
    return;
  pre_tokenizer_reader reader(file, into);
  each_stage(file, *stage, "pretokenizers",
             [&](const json::object& fields, std::string_view type) {
               reader.read(fields, type);
             });
}

void read_post_processor(const json_file& file, tokenizer_parts& into) {
  const auto* stage = stage_of(file, "post_processor");
  if (stage == nullptr)
    return;
  each_stage(file, *stage, "processors",
             [&](const json::object& fields, std::string_view type) {
               if (type == "TemplateProcessing")
                 read_template(file, fields, into);
               else if (type != "ByteLevel")
                 unknown(file, "post_processor", type);
             });
}

void read_decoder(const json_file& file, tokenizer_parts& into) {
  const auto* stage = stage_of(file, "decoder");
  if (stage == nullptr)
    return;
  each_stage(file, *stage, "decoders",
             [&](const json::object& fields, std::string_view type) {
               const auto* start = file.find(fields, "start");
               if (type == "Strip")
                 into.drops_leading_space =
                     start != nullptr && file.id(*start, "start") > 0;
               if (type == "Metaspace")
                 into.drops_leading_space =
                     file.text(fields, "prepend_scheme", "always") != "never"
                     && file.flag(fields, "add_prefix_space", true);
             });
}

} // namespace sluice::device
