// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace sluice::graph::yaml {

namespace {

/// Ends the parse; the diagnostic is already written.
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// yaml-cpp counts bytes; people and editors count characters.
class ruler {
public:
  explicit ruler(std::string_view text) : text_(text) {
    for (std::size_t at = 0; at != std::string_view::npos;) {
      lines_.push_back(at);
      at = text.find('\n', at);
      at = at == std::string_view::npos ? at : at + 1;
    }
  }

  /// Line and column of `mark`, from 1. Marks come nearly in order, so counting
  /// goes on where it ended: a long line is not counted anew for each value.
  std::pair<std::uint32_t, std::uint32_t> at(const YAML::Mark& mark) {
    const auto line = static_cast<std::size_t>(std::max(mark.line, 0));
    const auto bytes = static_cast<std::size_t>(std::max(mark.column, 0));
    if (line != line_ || bytes < bytes_) {
      line_ = line;
      bytes_ = 0;
      extra_ = 0;
    }
    const auto begin = line < lines_.size() ? lines_[line] : text_.size();
    const auto from = std::min(begin + bytes_, text_.size());
    const auto part = text_.substr(from, bytes - bytes_);
    extra_ += static_cast<std::size_t>(
        std::count_if(part.begin(), part.end(), [](char c) {
          return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
        }));
    bytes_ = bytes;
    return {static_cast<std::uint32_t>(line + 1),
            static_cast<std::uint32_t>(bytes + 1 - extra_)};
  }

private:
  std::string_view text_;
  std::vector<std::size_t> lines_; ///< byte offsets of their beginnings
  // How far line_ has been counted.
  std::size_t line_ = 0;
  std::size_t bytes_ = 0;
  std::size_t extra_ = 0; ///< bytes among them that begin no character
};

/// Builds the tree from yaml-cpp's events and watches the limits while doing
/// so.
class builder : public YAML::EventHandler {
public:
  builder(const std::string& file, ruler& lines, diagnostics& found,
          const limits& bounds)
      : file_(file), lines_(lines), found_(found), bounds_(bounds) {}

  std::shared_ptr<const node> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(mark, node_type::null), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    auto made = make(mark, node_type::scalar);
    made->quoted = tag == "!";
    if (!made->quoted && tag != "?" && !tag.empty())
      fail(mark, "tag '" + tag + "' is not read here; leave it out");
    if (!made->quoted && (value == "~" || value == "null"))
      made->type = node_type::null;
    made->text = value;
    add(made, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      fail(mark, "an alias stands inside the value that it names");
    add(found->second, 0, lines_.at(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, node_type::sequence, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, node_type::map, anchor);
  }
  void OnMapEnd() override { close(); }

private:
  struct level {
    std::shared_ptr<node> value;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    entry next;
    std::map<std::string, std::uint32_t> lines; ///< of keys
  };

  using spot = std::pair<std::uint32_t, std::uint32_t>; ///< line, column

  [[noreturn]] void fail(spot where, const std::string& text) {
    found_.push_back({{file_, where.first, where.second}, text});
    throw refused(text);
  }
  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& text) {
    fail(lines_.at(mark), text);
  }

  std::shared_ptr<node> make(const YAML::Mark& mark, node_type type) {
    auto made = std::make_shared<node>();
    made->type = type;
    std::tie(made->line, made->column) = lines_.at(mark);
    return made;
  }

  void open(const YAML::Mark& mark, node_type type, YAML::anchor_t anchor) {
    if (stack_.size() >= bounds_.depth)
      fail(mark,
           "nested deeper than " + std::to_string(bounds_.depth) + " levels");
    level next;
    next.value = make(mark, type);
    next.anchor = anchor;
    stack_.push_back(std::move(next));
  }

  void close() {
    auto done = std::move(stack_.back());
    stack_.pop_back();
    add(done.value, done.anchor);
  }

  void add(std::shared_ptr<const node> value, YAML::anchor_t anchor) {
    spot where{value->line, value->column};
    add(std::move(value), anchor, where);
  }

  void add(std::shared_ptr<const node> value, YAML::anchor_t anchor,
           spot where) {
    if (anchor != 0)
      anchors_[anchor] = value;
    if (stack_.size() + value->height > bounds_.depth)
      fail(where,
           "nested deeper than " + std::to_string(bounds_.depth) + " levels");
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    auto& top = stack_.back();
    if (top.value->type == node_type::map && !top.has_key) {
      take_key(top, *value, where);
      return;
    }
    top.value->weight += value->weight;
    top.value->height = std::max(top.value->height, value->height + 1);
    if (top.value->weight > bounds_.nodes)
      fail(where, "more than " + std::to_string(bounds_.nodes)
                      + " values, aliases counted as what they stand for");
    if (top.value->type == node_type::sequence) {
      top.value->items.push_back(std::move(value));
    } else {
      top.next.value = std::move(value);
      top.value->entries.push_back(std::move(top.next));
      top.has_key = false;
    }
  }

  void take_key(level& top, const node& key, spot where) {
    if (key.type != node_type::scalar)
      fail(where, "a key must be a word, not " + std::string(describe(key)));
    top.next = entry{key.text, key.line, key.column, nullptr};
    top.has_key = true;
    auto [at, fresh] = top.lines.emplace(key.text, key.line);
    if (!fresh)
      fail(where, "key '" + key.text + "' stands twice; the first is in line "
                      + std::to_string(at->second));
  }

  const std::string& file_;
  ruler& lines_;
  diagnostics& found_;
  const limits& bounds_;
  std::shared_ptr<const node> root_;
  std::vector<level> stack_;
  std::map<YAML::anchor_t, std::shared_ptr<const node>> anchors_;
};

/// Length of the UTF-8 character at `at`, 0 if it is none.
std::size_t character(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  auto first = byte(at);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first < 0xE0)
    return tail(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    auto second = byte(at + 1);
    bool wide = first != 0xE0 || second >= 0xA0;
    bool surrogate = first == 0xED && second >= 0xA0;
    return tail(at + 1) && tail(at + 2) && wide && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    auto second = byte(at + 1);
    bool fits =
        (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second < 0x90);
    return tail(at + 1) && tail(at + 2) && tail(at + 3) && fits ? 4 : 0;
  }
  return 0;
}

/// Control characters and broken UTF-8 are told before yaml-cpp sees the text:
/// it would pass some of them on.
bool check_characters(std::string_view text, const std::string& file,
                      diagnostics& found) {
  location where{file, 1, 1};
  for (std::size_t at = 0; at < text.size();) {
    auto c = static_cast<unsigned char>(text[at]);
    auto size = character(text, at);
    bool control =
        (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (size == 0 || control) {
      std::string text = "this byte is not UTF-8";
      if (control)
        text = "a control character is not allowed here";
      found.push_back({where, std::move(text)});
      return false;
    }
    where.column += 1;
    if (c == '\n')
      where = {file, where.line + 1, 1};
    at += size;
  }
  return true;
}

/// yaml-cpp's words, with a hint where people stumble.
std::string explain(const YAML::Exception& error, std::string_view text) {
  auto at = static_cast<std::size_t>(std::max(error.mark.pos, 0));
  auto begin = text.rfind('\n', at == 0 ? 0 : std::min(at, text.size()) - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  auto line = text.substr(begin, text.find('\n', begin) - begin);
  auto indent = line.substr(0, line.find_first_not_of(" \t"));
  std::string out = "not YAML: " + error.msg;
  if (indent.find('\t') != std::string_view::npos)
    out += " (a tab indents this line; YAML wants spaces)";
  return out;
}

} // namespace

std::shared_ptr<const node> parse(std::string_view text,
                                  const std::string& file, diagnostics& found,
                                  const limits& bounds) {
  if (text.size() > bounds.bytes) {
    found.push_back({location{file, 0, 0},
                     "the file is larger than "
                         + std::to_string(bounds.bytes >> 20) + " MiB"});
    return nullptr;
  }
  if (!check_characters(text, file, found))
    return nullptr;
  std::istringstream stream{std::string(text)};
  ruler lines(text);
  builder tree(file, lines, found, bounds);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(tree);
    if (tree.root() && tree.root()->type != node_type::null) {
      builder second(file, lines, found, bounds);
      if (parser.HandleNextDocument(second) && second.root()) {
        found.push_back({{file, second.root()->line, second.root()->column},
                         "a second document begins here; a file holds one"});
        return nullptr;
      }
    }
  } catch (const refused&) {
    return nullptr;
  } catch (const YAML::Exception& error) {
    auto [line, column] = lines.at(error.mark);
    found.push_back({{file, line, column}, explain(error, text)});
    return nullptr;
  }
  if (!tree.root() || tree.root()->type == node_type::null) {
    found.push_back({location{file, 0, 0}, "the file is empty"});
    return nullptr;
  }
  return tree.root();
}

std::string_view describe(const node& value) {
  switch (value.type) {
  case node_type::null:
    return "nothing";
  case node_type::scalar:
    return "a single value";
  case node_type::sequence:
    return "a list";
  case node_type::map:
    return "a map";
  }
  return "";
}

} // namespace sluice::graph::yaml
