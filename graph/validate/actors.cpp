// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/names.hpp"
#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <capnp/dynamic.h>

#include <algorithm>

namespace sluice::graph {

namespace {

/// The name of the union member that the file chose; "unset" after a mistake.
std::string chosen_kind(schema::Actor::Reader actor) {
  capnp::DynamicStruct::Reader kind = actor.getKind();
  KJ_IF_MAYBE (field, kind.which())
    return field->getProto().getName().cStr();
  return "unset";
}

} // namespace

void collect_actors(graph_draft& draft, diagnostics& found) {
  auto root = draft.config.root();
  if (root.hasGraph())
    check_name(root.getGraph().cStr(), draft.at("graph"), "graph", found);
  std::size_t i = 0;
  for (auto model : root.getModels()) {
    auto at = element("models", i++);
    auto where = draft.at(at + ".name");
    if (!is_model_name(model.getName().cStr()))
      found.push_back({where, "model " + in_quotes(model.getName().cStr())
                                  + " is no name: letters, digits, '_', '-' "
                                    "and '.', at most 63"});
    draft.models.push_back({model.getName().cStr(),
                            draft.folder / model.getPath().cStr(),
                            model.getContext(), where});
    if (model.hasAttention()) {
      draft.models.back().window = model.getAttention().getWindow();
      draft.models.back().sinks = model.getAttention().getSinks();
    }
    if (model.hasChatTemplate())
      draft.models.back().chat_template =
          draft.folder / model.getChatTemplate().cStr();
  }
  i = 0;
  for (auto actor : root.getActors()) {
    auto at = element("actors", i++);
    auto where = draft.at(at + ".name");
    check_name(actor.getName().cStr(), where, "actor", found);
    auto name = chosen_kind(actor);
    setting_values declared;
    if (const auto own = draft.config.declared().find(at);
        own != draft.config.declared().end()) {
      name = own->second.kind;
      declared = own->second.settings;
    }
    auto type = draft.kinds->find(name);
    if (!type && name != "unset")
      found.push_back({draft.at(at + ".kind"),
                       "kind '" + name + "' is not part of this program"
                           + hint(name, draft.kinds->names())});
    draft.actors.push_back(
        {actor.getName().cStr(), type, actor, at, where, std::move(declared)});
  }
  if (draft.actors.empty() && root.hasActors())
    found.push_back({draft.at("actors"), "a graph needs actors"});
}

} // namespace sluice::graph
