// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/binder.hpp"

#include "graph/yaml/nearest.hpp"
#include "graph/yaml/scalar.hpp"
#include "graph/yaml/schema_text.hpp"
#include "graph/yaml/shorthand.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace sluice::graph::yaml {

namespace {

using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;
using capnp::StructSchema;
using field_type = capnp::schema::Type::Which;

/// 8388608 rather than 8.38861e+06.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value == std::floor(value) ? "%.0f" : "%g",
                value);
  return text;
}

/// The largest magnitude whole numbers of a type hold.
struct whole_limits {
  std::int64_t min;
  std::uint64_t max;
};

std::optional<whole_limits> whole_limits_of(field_type type) {
  auto of = [](auto zero) {
    using t = std::numeric_limits<decltype(zero)>;
    return whole_limits{static_cast<std::int64_t>(t::min()),
                        static_cast<std::uint64_t>(t::max())};
  };
  switch (type) {
  case field_type::UINT8:
    return of(std::uint8_t{});
  case field_type::UINT16:
    return of(std::uint16_t{});
  case field_type::UINT32:
    return of(std::uint32_t{});
  case field_type::UINT64:
    return of(std::uint64_t{});
  case field_type::INT8:
    return of(std::int8_t{});
  case field_type::INT16:
    return of(std::int16_t{});
  case field_type::INT32:
    return of(std::int32_t{});
  case field_type::INT64:
    return of(std::int64_t{});
  default:
    return std::nullopt;
  }
}

/// One value on its way into a field: what it is, and what to call it.
struct slot {
  capnp::Type type;
  std::string path;
  std::string title; ///< "field 'listen'"
  std::string_view format;
  std::optional<number_limits> range;
  bool single = false;
};

class binder {
public:
  binder(source_map& places, diagnostics& found)
      : places_(places), found_(found) {}

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

  static std::string shown(const node& value) {
    return value.type == node_type::scalar ? in_quotes(value.text)
                                           : std::string(describe(value));
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
        bind_scalar(*item.value, where,
                    [&](const DynamicValue::Reader& v) { out.set(field, v); });
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
      bind_scalar(value, part,
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

  template <class Set>
  void bind_scalar(const node& value, const slot& where, Set set) {
    if (value.type != node_type::scalar) {
      tell(value,
           where.title + " needs " + wanted(where) + ", not " + shown(value));
      return;
    }
    switch (where.type.which()) {
    case field_type::TEXT:
      set(DynamicValue::Reader(value.text.c_str()));
      return;
    case field_type::BOOL:
      if (value.quoted || (value.text != "true" && value.text != "false"))
        mistyped(value, where);
      else
        set(value.text == "true");
      return;
    case field_type::ENUM:
      bind_enum(value, where, set);
      return;
    default:
      bind_number(value, where, set);
    }
  }

  template <class Set>
  void bind_enum(const node& value, const slot& where, Set set) {
    std::vector<std::string> known;
    for (auto item : where.type.asEnum().getEnumerants()) {
      known.push_back(yaml_name(item.getProto().getName().cStr()));
      if (known.back() == value.text) {
        set(capnp::DynamicEnum(item));
        return;
      }
    }
    tell(value, where.title + " does not know " + in_quotes(value.text)
                    + hint(value.text, known));
  }

  template <class Set>
  void bind_number(const node& value, const slot& where, Set set) {
    auto whole = whole_limits_of(where.type.which());
    if (!where.format.empty()) {
      bind_shorthand(value, where, set);
    } else if (whole) {
      auto parsed = parse_int(value.text);
      auto large = parse_uint(value.text);
      if (value.quoted || (!parsed && !large)) {
        mistyped(value, where);
      } else if ((parsed && *parsed < whole->min)
                 || (large && *large > whole->max)) {
        out_of_range(value, where, static_cast<double>(whole->min),
                     static_cast<double>(whole->max));
      } else if (within(value, where,
                        parsed ? static_cast<double>(*parsed)
                               : static_cast<double>(*large))) {
        if (parsed)
          set(*parsed);
        else
          set(*large);
      }
    } else if (auto parsed = parse_double(value.text);
               !parsed || value.quoted) {
      mistyped(value, where);
    } else if (within(value, where, *parsed)) {
      set(*parsed);
    }
  }

  template <class Set>
  void bind_shorthand(const node& value, const slot& where, Set set) {
    auto take = [&](const auto& parsed) {
      if (auto* error = std::get_if<shorthand_error>(&parsed)) {
        tell(value, where.title + " " + error->text + ", not "
                        + in_quotes(value.text));
      } else if (within(value, where,
                        static_cast<double>(std::get<0>(parsed)))) {
        set(std::get<0>(parsed));
      }
    };
    if (where.format == "bytes")
      take(parse_bytes(value.text));
    else if (where.format == "duration")
      take(parse_duration(value.text));
    else
      take(parse_price(value.text));
  }

  static std::string wanted(const slot& where) {
    if (where.type.isText())
      return "a text";
    if (where.type.isBool())
      return "true or false";
    if (where.type.isEnum())
      return "a word";
    return whole_limits_of(where.type.which()) ? "a whole number" : "a number";
  }

  void mistyped(const node& value, const slot& where) {
    tell(value, where.title + " needs " + wanted(where) + ", not "
                    + (value.quoted ? "the text " : "")
                    + in_quotes(value.text));
  }

  void out_of_range(const node& value, const slot& where, double min,
                    double max) {
    auto low = where.range ? std::max(min, where.range->min) : min;
    auto high = where.range ? std::min(max, where.range->max) : max;
    tell(value, where.title + " must be " + number(low) + " to " + number(high)
                    + ", not " + in_quotes(value.text));
  }

  bool within(const node& value, const slot& where, double parsed) {
    if (!where.range
        || (parsed >= where.range->min && parsed <= where.range->max))
      return true;
    out_of_range(value, where, where.range->min, where.range->max);
    return false;
  }

  source_map& places_;
  diagnostics& found_;
  std::map<std::string, std::string> titles_; ///< path -> key of a map's item
};

} // namespace

void bind(const node& tree, DynamicStruct::Builder out, source_map& places,
          diagnostics& found) {
  binder(places, found).bind_struct(tree, out, "", "the file");
}

} // namespace sluice::graph::yaml
