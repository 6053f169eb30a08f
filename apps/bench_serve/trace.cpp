// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/trace.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>

namespace sluice::apps {

namespace {

namespace json = boost::json;

constexpr std::string_view azure_head =
    "TIMESTAMP,ContextTokens,GeneratedTokens";
constexpr std::uint32_t mooncake_block = 512; // tokens, as it was recorded

/// A line, and how to complain about it.
struct place {
  const std::string& name;
  std::size_t line;

  [[noreturn]] void refuse(const std::string& why) const {
    throw trace_error{name + ":" + std::to_string(line) + ": " + why};
  }
};

template <class Number>
bool take(std::string_view& text, Number& value) {
  const auto [end, ec] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return ec == std::errc{};
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c)
    return false;
  text.remove_prefix(1);
  return true;
}

/// Days since 1970 in the Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  // The year begins in March, so that the leap day is its last.
  year -= month <= 2;
  const std::int64_t shifted = (month + 9) % 12;
  const std::int64_t day_of_year = (153 * shifted + 2) / 5 + day - 1;
  return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

/// "2023-11-16 18:15:46.6805900" in seconds since 1970.
double timestamp(std::string_view text, const place& where) {
  const std::string whole{text};
  std::array<int, 5> part{}; // year, month, day, hour, minute
  double second = 0;
  constexpr std::string_view after = "-- ::";
  bool good = true;
  for (std::size_t i = 0; i < part.size(); ++i)
    good = good && take(text, part[i]) && take(text, after[i]);
  good = good && take(text, second);
  if (!good || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
    where.refuse("'" + whole
                 + "' is no time; expected '2023-11-16 "
                   "18:15:46.68'");
  const auto days = days_from_civil(part[0], part[1], part[2]);
  return static_cast<double>(days * 86400 + part[3] * 3600 + part[4] * 60)
         + second;
}

trace_request azure_line(std::string_view text, const place& where) {
  const auto one = text.find(',');
  const auto two = one == text.npos ? one : text.find(',', one + 1);
  if (two == text.npos)
    where.refuse("expected three fields: " + std::string{azure_head});
  trace_request out;
  out.at = timestamp(text.substr(0, one), where);
  auto lengths = text.substr(one + 1);
  if (!take(lengths, out.prompt_tokens) || !take(lengths, ',')
      || !take(lengths, out.output_tokens) || !lengths.empty())
    where.refuse("'" + std::string{text.substr(one + 1)}
                 + "' is not two numbers of tokens");
  return out;
}

/// A number of the object; refuses by name.
double number(const json::object& line, const char* key, const place& where) {
  const auto* found = line.if_contains(key);
  if (!found)
    where.refuse(std::string{"'"} + key + "' is missing");
  if (!found->is_number() || found->to_number<double>() < 0
      || found->to_number<double>() > 4e9)
    where.refuse(std::string{"'"} + key + "' is no number, or too large");
  return found->to_number<double>();
}

trace_request mooncake_line(std::string_view text, const place& where) {
  json::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object())
    where.refuse("this is no JSON object: " + ec.message());
  const auto& line = value.get_object();
  trace_request out;
  out.at = number(line, "timestamp", where) * 1e-3;
  out.prompt_tokens =
      static_cast<std::uint32_t>(number(line, "input_length", where));
  out.output_tokens =
      static_cast<std::uint32_t>(number(line, "output_length", where));
  if (const auto* ids = line.if_contains("hash_ids")) {
    if (!ids->is_array())
      where.refuse("'hash_ids' is no array");
    for (const auto& id : ids->get_array()) {
      if (!id.is_int64() && !id.is_uint64())
        where.refuse("'hash_ids' holds something that is no whole number");
      out.blocks.push_back(id.is_uint64()
                               ? id.get_uint64()
                               : static_cast<std::uint64_t>(id.get_int64()));
    }
  }
  return out;
}

std::uint32_t scaled(std::uint32_t tokens, double factor) {
  return static_cast<std::uint32_t>(std::max(1.0, std::round(tokens * factor)));
}

} // namespace

trace read_trace(std::istream& in, const std::string& name) {
  trace out;
  bool azure = false;
  std::string line;
  for (std::size_t count = 1; std::getline(in, line); ++count) {
    const place where{name, count};
    if (line.ends_with('\r'))
      line.pop_back();
    if (count == 1) {
      azure = line == azure_head;
      if (!azure && !line.starts_with('{'))
        where.refuse("no trace that is known here: expected the header "
                     + std::string{azure_head} + ", or JSON lines");
      if (azure)
        continue;
    }
    if (line.empty())
      continue;
    out.requests.push_back(azure ? azure_line(line, where)
                                 : mooncake_line(line, where));
  }
  if (out.requests.empty())
    throw trace_error{name + ": no request in it"};
  std::stable_sort(out.requests.begin(), out.requests.end(),
                   [](auto& a, auto& b) { return a.at < b.at; });
  const double first = out.requests.front().at;
  for (auto& r : out.requests)
    r.at -= first;
  out.block_tokens = azure ? 0 : mooncake_block;
  return out;
}

trace read_trace(const std::filesystem::path& path) {
  std::ifstream in{path};
  if (!in)
    throw trace_error{path.string() + ": cannot be read"};
  return read_trace(in, path.string());
}

trace changed(trace recorded, const trace_changes& changes) {
  if (!(changes.speed > 0) || !(changes.scale > 0))
    throw std::invalid_argument{"speed and scale must be above 0"};
  if (changes.limit != 0 && changes.limit < recorded.requests.size())
    recorded.requests.resize(changes.limit);
  if (recorded.block_tokens != 0)
    recorded.block_tokens = scaled(recorded.block_tokens, changes.scale);
  for (auto& r : recorded.requests) {
    r.at /= changes.speed;
    r.prompt_tokens = scaled(r.prompt_tokens, changes.scale);
    r.output_tokens = scaled(r.output_tokens, changes.scale);
    if (changes.context == 0
        || r.prompt_tokens + r.output_tokens <= changes.context)
      continue;
    ++recorded.shortened;
    r.output_tokens = std::min(r.output_tokens, changes.context / 2);
    r.prompt_tokens = std::max(
        1U, std::min(r.prompt_tokens, changes.context - r.output_tokens));
  }
  return recorded;
}

double shared_prompt_share(const trace& recorded) {
  // A beginning is its last block's id and the name of what came before it.
  std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> names;
  double shared = 0;
  double all = 0;
  for (const auto& r : recorded.requests) {
    all += r.prompt_tokens;
    const auto full =
        recorded.block_tokens == 0
            ? 0
            : std::min<std::size_t>(r.blocks.size(),
                                    r.prompt_tokens / recorded.block_tokens);
    std::size_t parent = 0;
    for (std::size_t i = 0; i < full; ++i) {
      const std::pair key{parent, r.blocks[i]};
      const auto [at, added] = names.try_emplace(key, names.size() + 1);
      if (!added)
        shared += recorded.block_tokens;
      parent = at->second;
    }
  }
  return all > 0 ? shared / all : 0;
}

} // namespace sluice::apps
