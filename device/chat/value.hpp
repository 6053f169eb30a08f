// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The values a chat template computes with: Python's, as far as Jinja shows
// them. Used by every file of device/chat; must not know the syntax tree.
// Values are views into one render's heap (or the template and the input), so
// copies cost nothing and cycles or deep nesting need no recursive clean-up.
#pragma once

#include "device/chat/heap.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::device::jinja {

class renderer;
struct sequence;
struct mapping;
struct object;
struct arguments;

enum class kind : std::uint8_t {
  undefined,
  none,
  boolean,
  integer,
  real,
  text,
  sequence,
  mapping,
  object
};

/// 24 bytes, trivially copyable. `size` is a text's length in bytes; for an
/// undefined, chars and size are the missing name and `origin` what lacks it.
struct value {
  kind type = kind::undefined;
  kind origin = kind::undefined;
  union {
    bool boolean;
    std::int64_t integer;
    double real;
    const char* chars = "";
    sequence* list;
    mapping* dict;
    object* thing;
  };
  std::size_t size = 0;

  static value none();
  static value of_bool(bool b);
  static value of_int(std::int64_t i);
  static value of_real(double d);
  static value of_text(std::string_view s);
  static value of(sequence* s);
  static value of(mapping* m);
  static value of(object* o);
  static value missing(std::string_view name, kind owner = kind::undefined);

  bool is(kind k) const { return type == k; }
  bool is_number() const; ///< boolean, integer or real, as in Python
  std::string_view text() const { return {chars, size}; }
};

/// What Python would call the sequence; it decides printing and indexing.
enum class flavor : std::uint8_t {
  list,
  tuple,
  generator,
  keys,
  values,
  items,
  range
};

struct sequence {
  explicit sequence(std::pmr::memory_resource* memory) : items(memory) {}
  flavor type = flavor::list;
  std::pmr::vector<value> items;
  bool indexable() const;
};

/// Insertion-ordered dict. Small ones are searched, large ones are hashed.
struct mapping {
  explicit mapping(std::pmr::memory_resource* memory)
      : entries(memory), index(memory) {}
  std::pmr::vector<std::pair<value, value>> entries;
  std::pmr::unordered_multimap<std::size_t, std::size_t> index;

  value* find(heap& memory, const value& key);
  value* find(std::string_view key);
  void set(heap& memory, const value& key, const value& item);
  bool erase(heap& memory, const value& key);
};

/// Anything with behaviour: functions, macros, methods, loop, namespace.
struct object {
  virtual ~object() = default;
  virtual std::string_view type_name() const = 0;
  virtual value attribute(renderer& r, std::string_view name);
  virtual bool set_attribute(renderer& r, std::string_view name,
                             const value& item);
  virtual bool callable() const { return false; }
  virtual value call(renderer& r, const arguments& args);
  virtual void print(heap& memory, std::string& out, unsigned depth) const;
};

inline constexpr unsigned max_value_depth = 200;

sequence* make_sequence(heap& memory, flavor type = flavor::list);
mapping* make_mapping(heap& memory);
void append(heap& memory, sequence& list, const value& item);

/// Texts stay views into `json`, which must outlive the value. The overload
/// is no convenience: an array converted to a json::value would be a copy.
/// Throws fault beyond max_value_depth.
value from_json(heap& memory, const boost::json::array& json,
                unsigned depth = 0);
value from_json(heap& memory, const boost::json::value& json,
                unsigned depth = 0);

bool truthy(const value& v);
std::string_view type_name(const value& v);
double as_real(const value& number);
std::int64_t as_int(const value& number); ///< boolean or integer
bool equal(heap& memory, const value& a, const value& b, unsigned depth = 0);
/// -1, 0 or 1. Throws fault where Python has no order for the two.
int compare(heap& memory, const value& a, const value& b,
            std::string_view op = "<", unsigned depth = 0);
std::size_t hash(heap& memory, const value& v, unsigned depth = 0);

/// Python's error text for a use of an undefined value.
std::string undefined_text(const value& v);
/// Throws fault when v is undefined.
void require_defined(const value& v);

/// str(v), appended. An undefined adds nothing.
void print(heap& memory, const value& v, std::string& out);
/// repr(v), appended.
void print_repr(heap& memory, const value& v, std::string& out,
                unsigned depth = 0);
std::string to_string(heap& memory, const value& v);
std::string repr(heap& memory, const value& v);
std::string real_text(double d);

} // namespace sluice::device::jinja
