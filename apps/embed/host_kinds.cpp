// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/host_kinds.hpp"

#include "apps/embed/callback_scope.hpp"
#include "apps/embed/message_cast.hpp"
#include "graph/names.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <set>

namespace sluice::apps {

namespace {

class kind_check {
public:
  explicit kind_check(const actor_kind& kind) : kind_{kind} {}

  void run(const graph::kind_registry& known) const {
    if (!graph::is_name(kind_.name))
      refuse("is no name: a letter, then letters, digits, '_' and '-'");
    if (known.find(kind_.name) || kind_.name == "host")
      refuse("is taken: give the kind another name");
    if (!kind_.make)
      refuse("has no function that makes its actors");
    if (kind_.inputs.empty())
      refuse("has no input");
    check_ports(kind_.inputs);
    check_ports(kind_.outputs);
    std::set<message_type> types;
    for (const auto& input : kind_.inputs)
      if (!types.insert(input.type).second)
        refuse("has two inputs of type "
               + std::string(graph::name(type_of(input))));
    check_settings();
  }

  graph::message_type type_of(const port& one) const {
    if (one.type > message_type::text)
      refuse("has a port " + graph::in_quotes(one.name)
             + " of a type that there is not");
    return static_cast<graph::message_type>(one.type);
  }

private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw error(error_code::bad_argument,
                "kind " + graph::in_quotes(kind_.name) + " " + why);
  }

  void check_ports(const std::vector<port>& ports) const {
    std::set<std::string> names;
    for (const auto& one : ports) {
      type_of(one);
      if (!graph::is_name(one.name) || !names.insert(one.name).second)
        refuse("has a port " + graph::in_quotes(one.name)
               + ": port names are names, each used once");
    }
  }

  void check_settings() const {
    std::set<std::string> names{"kind", "name"};
    for (const auto& one : kind_.settings) {
      if (!graph::is_name(one.name) || !names.insert(one.name).second)
        refuse("has a setting " + graph::in_quotes(one.name)
               + ": settings are names, each used once, and not 'kind' or "
                 "'name'");
      if (one.type > setting_type::texts)
        refuse("has a setting " + graph::in_quotes(one.name)
               + " of a type that there is not");
      if (!one.required
          && one.fallback.index() != static_cast<std::size_t>(one.type))
        refuse("has a setting " + graph::in_quotes(one.name)
               + " whose fallback is of another type");
    }
  }

  const actor_kind& kind_;
};

graph::kind to_graph(const actor_kind& from) {
  const kind_check check{from};
  graph::kind out;
  out.name = from.name;
  for (const auto& one : from.inputs)
    out.inputs.push_back({one.name, check.type_of(one)});
  for (const auto& one : from.outputs)
    out.outputs.push_back({one.name, check.type_of(one)});
  auto& settings = out.declared.emplace();
  for (const auto& one : from.settings)
    settings.push_back({one.name, static_cast<graph::setting_type>(one.type),
                        one.required, one.fallback, one.least, one.most});
  return out;
}

/// The host's object behind the interface of the graph.
class host_bridge : public actors::host_object {
public:
  host_bridge(std::unique_ptr<host_actor> object, std::vector<port> inputs)
      : object_{std::move(object)}, inputs_{std::move(inputs)} {}

  void receive(std::size_t input, actors::edge_message what) override {
    const callback_scope scope{callback_kind::own_actor};
    object_->receive(inputs_[input].name, to_public(what));
  }

  void cancelled(actors::request_id id) override {
    const callback_scope scope{callback_kind::own_actor};
    object_->cancelled(id);
  }

private:
  std::unique_ptr<host_actor> object_;
  std::vector<port> inputs_;
};

std::unique_ptr<actors::host_object>
make(const actor_kind& kind, const graph::graph_actor& actor,
     std::shared_ptr<actors::host_outputs> out) {
  actor_context context{actor.name,
                        {actor.declared.begin(), actor.declared.end()},
                        outputs{actor.name, kind.outputs, std::move(out)}};
  auto object = kind.make(context);
  if (!object)
    throw error(error_code::host_failed, "kind " + graph::in_quotes(kind.name)
                                             + " made no actor for "
                                             + graph::in_quotes(actor.name));
  return std::make_unique<host_bridge>(std::move(object), kind.inputs);
}

} // namespace

graph::kind_registry with_kinds(const std::vector<actor_kind>& kinds) {
  auto out = graph::built_in_kinds();
  for (const auto& one : kinds) {
    kind_check{one}.run(out);
    out.add(to_graph(one));
  }
  return out;
}

std::map<std::string, graph::object_maker, std::less<>>
makers_of(const std::vector<actor_kind>& kinds) {
  std::map<std::string, graph::object_maker, std::less<>> out;
  for (const auto& one : kinds)
    out.emplace(one.name, [one](const graph::graph_actor& actor,
                                std::shared_ptr<actors::host_outputs> to) {
      return make(one, actor, std::move(to));
    });
  return out;
}

} // namespace sluice::apps

namespace sluice {

host_actor::~host_actor() = default;

void host_actor::cancelled(std::uint64_t) {}

outputs::outputs(std::string actor, std::vector<port> ports,
                 std::shared_ptr<actors::host_outputs> to)
    : actor_{std::move(actor)}, ports_{std::move(ports)}, to_{std::move(to)} {}

outputs::outputs(const outputs&) = default;
outputs::outputs(outputs&&) noexcept = default;
outputs& outputs::operator=(const outputs&) = default;
outputs& outputs::operator=(outputs&&) noexcept = default;
outputs::~outputs() = default;

void outputs::emit(std::string_view port, message what) const {
  const auto at = std::ranges::find(ports_, port, &sluice::port::name);
  if (at == ports_.end())
    throw error(error_code::bad_argument, graph::in_quotes(actor_)
                                              + " has no output "
                                              + graph::in_quotes(port));
  if (at->type != what.type)
    throw error(error_code::wrong_type,
                "output " + graph::in_quotes(actor_ + "." + at->name)
                    + " gives "
                    + std::string(
                        graph::name(static_cast<graph::message_type>(at->type)))
                    + ", not "
                    + std::string(graph::name(
                        static_cast<graph::message_type>(what.type))));
  to_->emit(static_cast<std::size_t>(at - ports_.begin()),
            apps::to_internal(what));
}

void outputs::refuse(std::uint64_t id, const std::string& text,
                     error_code code) const {
  to_->refuse(id, static_cast<actors::errc>(code), text);
}

} // namespace sluice
