// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/binder.hpp"

#include "graph/yaml/declared_binder.hpp"
#include "graph/yaml/nearest.hpp"
#include "graph/yaml/scalar_binder.hpp"
#include "graph/yaml/schema_text.hpp"
#include "graph/yaml/shorthand.hpp"

#include <algorithm>
#include <map>

namespace sluice::graph::yaml {

namespace {

using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;
using capnp::StructSchema;

class binder {
public:
  binder(source_map& places, diagnostics& found, more_kinds more)
      : places_(places), found_(found), scalars_(places.file(), found),
        more_(more) {}

  void bind_struct(const node& value, DynamicStruct::Builder out,
                   const std::string& path, const std::string& title) {
    places_.put(path, value.line, value.column);
    if (value.type != node_type::map) {
      tell(value, title + " needs a map, not " + shown(value));
      return;
    }
    std::vector<std::string> known;
    auto tag = tag_of(out.getSchema());
    if (tag)
      known.push_back(yaml_name(tag->getProto().getName().cStr()));
    auto settings = tag ? choose(value, out, *tag, path) : std::nullopt;
    if (const auto* kind = tag ? declared_kind(value, *tag) : nullptr)
      return bind_declared(value, *kind, path, title, known);
    bool chosen = !tag || settings;
    add_names(out.getSchema(), known);
    if (settings)
      add_names(settings->getSchema(), known);
    for (const auto& item : value.entries) {
      if (tag && item.key == known.front())
        continue;
      if (bind_field(item, out, path))
        continue;
      if (settings && bind_field(item, *settings, path))
        continue;
      if (chosen) // Without its kind, nobody knows an actor's fields.
        found_.push_back({at(item), "unknown field " + in_quotes(item.key)
                                        + hint(item.key, known)});
    }
    require(value, out.getSchema(), title);
    if (settings)
      require(value, settings->getSchema(), title);
  }

private:
  location at(const node& value) const {
    return {places_.file(), value.line, value.column};
  }
  location at(const entry& item) const {
    return {places_.file(), item.line, item.column};
  }

  void tell(const node& value, std::string text) {
    found_.push_back({at(value), std::move(text)});
  }

  static std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  static void add_names(StructSchema type, std::vector<std::string>& names) {
    for (auto field : written_fields(type))
      names.push_back(yaml_name(field.getProto().getName().cStr()));
  }

  static const entry* find(const node& value, std::string_view key) {
    auto found = std::find_if(value.entries.begin(), value.entries.end(),
                              [&](const entry& e) { return e.key == key; });
    return found == value.entries.end() ? nullptr : &*found;
  }

  void require(const node& value, StructSchema type, const std::string& title) {
    for (auto field : written_fields(type)) {
      auto name = yaml_name(field.getProto().getName().cStr());
      if (is_required(field) && !find(value, name))
        tell(value, title + " lacks the field '" + name + "'");
    }
  }

  /// The host's own kind that the tag names; null for others.
  const kind* declared_kind(const node& value, StructSchema::Field tag) const {
    auto item = find(value, yaml_name(tag.getProto().getName().cStr()));
    if (!item || item->value->type != node_type::scalar)
      return nullptr;
    const auto* found = more_.known.find(item->value->text);
    return found && found->declared ? found : nullptr;
  }

  void bind_declared(const node& value, const kind& type,
                     const std::string& path, const std::string& title,
                     std::vector<std::string> known) {
    more_.actors[path] = {type.name,
                          read_declared(value, *type.declared, known,
                                        {places_, found_, path, title})};
  }

  /// Reads the tag and begins the member that it names.
  std::optional<DynamicStruct::Builder> choose(const node& value,
                                               DynamicStruct::Builder out,
                                               StructSchema::Field tag,
                                               const std::string& path) {
    auto name = yaml_name(tag.getProto().getName().cStr());
    auto item = find(value, name);
    if (!item) {
      tell(value,
           in_quotes(path_title(path)) + " lacks the field '" + name + "'");
      return std::nullopt;
    }
    places_.put(join(path, name), item->value->line, item->value->column);
    std::vector<std::string> known;
    for (auto member : members_of(tag)) {
      known.push_back(yaml_name(member.getProto().getName().cStr()));
      if (item->value->type == node_type::scalar
          && known.back() == item->value->text) {
        auto group = out.get(tag).as<DynamicStruct>();
        return group.init(member).as<DynamicStruct>();
      }
    }
    if (declared_kind(value, tag))
      return std::nullopt;
    for (const auto& [other, type] : more_.known.all())
      if (type.declared)
        known.push_back(other);
    tell(*item->value, "unknown " + name + " " + shown(*item->value)
                           + hint(item->value->text, known));
    return std::nullopt;
  }

  std::string path_title(const std::string& path) const {
    auto found = titles_.find(path);
    return found == titles_.end() ? path : found->second;
  }

  /// Whether `out` has a field of this name.
  bool bind_field(const entry& item, DynamicStruct::Builder out,
                  const std::string& path) {
    for (auto field : written_fields(out.getSchema())) {
      if (yaml_name(field.getProto().getName().cStr()) != item.key)
        continue;
      slot where{
          field.getType(),  join(path, item.key), "field '" + item.key + "'",
          format_of(field), limits_of(field),     is_single(field)};
      // A list is pointed at by its name, a value by itself.
      if (where.type.isList() && item.value->type != node_type::scalar)
        places_.put(where.path, item.line, item.column);
      else
        places_.put(where.path, item.value->line, item.value->column);
      if (item.value->type == node_type::null)
        tell(*item.value, where.title + " has no value");
      else if (where.type.isList())
        bind_list(*item.value, where, out, field);
      else if (where.type.isStruct())
        bind_member(*item.value, where, out.init(field).as<DynamicStruct>());
      else
        scalars_.bind(*item.value, where, [&](const DynamicValue::Reader& v) {
          out.set(field, v);
        });
      return true;
    }
    return false;
  }

  void bind_member(const node& value, const slot& where,
                   DynamicStruct::Builder out) {
    if (format_of(out.getSchema()) == "range"
        && value.type == node_type::scalar) {
      auto parsed = parse_range(value.text);
      if (auto* error = std::get_if<shorthand_error>(&parsed)) {
        tell(value, where.title + " " + error->text + ", not "
                        + in_quotes(value.text));
        return;
      }
      out.set("min", std::get<count_range>(parsed).min);
      out.set("max", std::get<count_range>(parsed).max);
      return;
    }
    bind_struct(value, out, where.path, where.title);
  }

  void bind_list(const node& value, const slot& where,
                 DynamicStruct::Builder out, StructSchema::Field field) {
    auto element_type = where.type.asList().getElementType();
    auto key = element_type.isStruct() ? key_of(element_type.asStruct())
                                       : std::nullopt;
    if (key) {
      bind_map(value, where, out, field, *key);
      return;
    }
    if (value.type != node_type::sequence && !where.single) {
      tell(value, where.title + " needs a list, not " + shown(value));
      return;
    }
    std::vector<const node*> items;
    if (value.type != node_type::sequence)
      items.push_back(&value);
    for (const auto& item : value.items)
      items.push_back(item.get());
    auto list = out.init(field, static_cast<capnp::uint>(items.size()))
                    .as<DynamicList>();
    for (std::size_t i = 0; i < items.size(); ++i)
      bind_element(*items[i], element_type, where, list, i);
  }

  void bind_element(const node& value, capnp::Type type, const slot& where,
                    DynamicList::Builder list, std::size_t i) {
    slot part = where;
    part.type = type;
    part.path = element(where.path, i);
    part.title = "element " + std::to_string(i + 1) + " of " + where.title;
    places_.put(part.path, value.line, value.column);
    auto index = static_cast<capnp::uint>(i);
    if (value.type == node_type::null)
      tell(value, part.title + " has no value");
    else if (type.isStruct())
      bind_member(value, part, list[index].as<DynamicStruct>());
    else
      scalars_.bind(value, part,
                    [&](const DynamicValue::Reader& v) { list.set(index, v); });
  }

  void bind_map(const node& value, const slot& where,
                DynamicStruct::Builder out, StructSchema::Field field,
                StructSchema::Field key) {
    if (value.type != node_type::map) {
      tell(value, where.title + " needs a map of names, not " + shown(value));
      return;
    }
    auto list = out.init(field, static_cast<capnp::uint>(value.entries.size()))
                    .as<DynamicList>();
    for (std::size_t i = 0; i < value.entries.size(); ++i) {
      const auto& item = value.entries[i];
      auto path = element(where.path, i);
      auto target = list[static_cast<capnp::uint>(i)].as<DynamicStruct>();
      target.set(key, DynamicValue::Reader(item.key.c_str()));
      titles_[path] = item.key;
      places_.put(join(path, yaml_name(key.getProto().getName().cStr())),
                  item.line, item.column);
      if (item.value->type == node_type::null) {
        places_.put(path, item.line, item.column);
        node empty;
        empty.type = node_type::map;
        empty.line = item.line;
        empty.column = item.column;
        bind_struct(empty, target, path, in_quotes(item.key));
      } else {
        bind_struct(*item.value, target, path, in_quotes(item.key));
      }
    }
  }

  source_map& places_;
  diagnostics& found_;
  scalar_binder scalars_;
  more_kinds more_;
  std::map<std::string, std::string> titles_; ///< path -> key of a map's item
};

} // namespace

void bind(const node& tree, DynamicStruct::Builder out, source_map& places,
          diagnostics& found, more_kinds more) {
  binder(places, found, more).bind_struct(tree, out, "", "the file");
}

} // namespace sluice::graph::yaml
