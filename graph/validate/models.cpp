// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/names.hpp"
#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"
#include "transport/address.hpp"

#include <re2/re2.h>

#include <set>
#include <system_error>

namespace sluice::graph {

namespace {

/// The model that an actor names; empty for kinds without one.
std::optional<std::string> model_of(const graph_actor& actor) {
  auto kind = actor.settings.getKind();
  switch (kind.which()) {
  case schema::Actor::Kind::PREPROCESS:
    return kind.getPreprocess().getModel().cStr();
  case schema::Actor::Kind::MODEL:
    return kind.getModel().getModel().cStr();
  case schema::Actor::Kind::POSTPROCESS:
    return kind.getPostprocess().getModel().cStr();
  default:
    return std::nullopt;
  }
}

void check_gateway(const graph_draft& draft, const graph_actor& actor,
                   diagnostics& found) {
  auto gateway = actor.settings.getKind().getGateway();
  if (!transport::parse_address(gateway.getListen().cStr()))
    found.push_back({draft.at(actor.at + ".listen"),
                     "field 'listen' needs an address such as "
                     "'127.0.0.1:8080' or ':8080', not "
                         + in_quotes(gateway.getListen().cStr())});
  std::size_t i = 0;
  for (auto key : gateway.getApiKeys()) {
    if (key.size() == 0)
      found.push_back({draft.at(element(actor.at + ".api_keys", i)),
                       "an empty key lets everybody in"});
    ++i;
  }
}

/// Drafts come from a model or from looking back.
void check_draft(const graph_draft& draft, const graph_actor& actor,
                 diagnostics& found) {
  auto model = actor.settings.getKind().getModel();
  if (!model.hasDraft())
    return;
  const auto at = actor.at + ".draft";
  auto wish = model.getDraft();
  if (wish.hasModel() == wish.getLookup())
    found.push_back({draft.at(at), "'draft' needs exactly one of 'model' and "
                                   "'lookup'"});
  if (!wish.hasModel())
    return;
  std::vector<std::string> known;
  for (const auto& one : draft.models)
    known.push_back(one.name);
  const std::string name = wish.getModel().cStr();
  if (!draft.find_model(name))
    found.push_back({draft.at(at + ".model"),
                     "unknown model " + in_quotes(name) + hint(name, known)});
  else if (name == model.getModel().cStr())
    found.push_back({draft.at(at + ".model"),
                     "a model that drafts for itself saves nothing"});
}

void check_model_actor(const graph_draft& draft, const graph_actor& actor,
                       diagnostics& found) {
  auto model = actor.settings.getKind().getModel();
  check_draft(draft, actor, found);
  if (model.getStepTokens() > model.getBatch())
    return;
  auto field = draft.config.places().has(actor.at + ".step_tokens")
                   ? "step_tokens"
                   : "batch";
  found.push_back({draft.at(actor.at + "." + field),
                   "'step_tokens' (" + std::to_string(model.getStepTokens())
                       + ") must be greater than 'batch' ("
                       + std::to_string(model.getBatch()) + ")"});
}

void check_label_rule(const graph_draft& draft, schema::LabelRule::Reader rule,
                      const std::string& at, diagnostics& found) {
  if (rule.hasAs() && !is_name(rule.getAs().cStr()))
    found.push_back({draft.at(at + ".as"),
                     "label " + in_quotes(rule.getAs().cStr())
                         + " is no name: a letter, then letters, digits, '_' "
                           "and '-', at most 63"});
  const auto& places = draft.config.places();
  int written = 0;
  for (auto field : {".find", ".pattern", ".words"})
    written += places.has(at + field) ? 1 : 0;
  if (written != 1)
    found.push_back({draft.at(at), "a label rule needs exactly one of 'find', "
                                   "'pattern' and 'words'"});
  if (rule.hasPattern()) {
    RE2 regex(rule.getPattern().cStr(), RE2::Quiet);
    if (!regex.ok())
      found.push_back({draft.at(at + ".pattern"),
                       "pattern " + in_quotes(rule.getPattern().cStr())
                           + " is no regular expression: " + regex.error()});
  }
  std::size_t i = 0;
  for (auto word : rule.getWords()) {
    if (word.size() == 0)
      found.push_back({draft.at(element(at + ".words", i)),
                       "an empty word is found everywhere"});
    ++i;
  }
}

void check_file(const std::filesystem::path& path, const location& where,
                const std::string& what, diagnostics& found) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    found.push_back({where, what + " '" + path.string() + "' does not exist"});
}

void check_template(const std::filesystem::path& path, const location& where,
                    diagnostics& found) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    found.push_back(
        {where, "chat template '" + path.string() + "' is a folder"});
  else
    check_file(path, where, "chat template", found);
}

} // namespace

void check_models(const graph_draft& draft, const validate_options& options,
                  diagnostics& found) {
  std::vector<std::string> known;
  for (const auto& model : draft.models)
    known.push_back(model.name);
  std::set<std::string> used;
  for (const auto& actor : draft.actors) {
    if (const auto kind = actor.settings.getKind();
        kind.isModel() && kind.getModel().getDraft().hasModel())
      used.insert(kind.getModel().getDraft().getModel().cStr());
    auto wanted = model_of(actor);
    if (!wanted || !draft.config.places().has(actor.at + ".model"))
      continue;
    used.insert(*wanted);
    if (!draft.find_model(*wanted))
      found.push_back(
          {draft.at(actor.at + ".model"),
           "unknown model " + in_quotes(*wanted) + hint(*wanted, known)});
  }
  for (std::size_t i = 0; i < draft.models.size(); ++i) {
    const auto& model = draft.models[i];
    if (!used.contains(model.name))
      found.push_back(
          {model.where, "no actor uses the model " + in_quotes(model.name)});
    if (!options.check_files)
      continue;
    const auto at = element("models", i);
    if (draft.config.places().has(at + ".path"))
      check_file(model.path, draft.at(at + ".path"), "model file", found);
    if (draft.config.places().has(at + ".chat_template"))
      check_template(model.chat_template, draft.at(at + ".chat_template"),
                     found);
  }
}

void check_settings(const graph_draft& draft, diagnostics& found) {
  for (const auto& actor : draft.actors) {
    auto kind = actor.settings.getKind();
    if (kind.isGateway())
      check_gateway(draft, actor, found);
    if (kind.isModel())
      check_model_actor(draft, actor, found);
    if (!kind.isPreprocess())
      continue;
    std::size_t i = 0;
    for (auto rule : kind.getPreprocess().getLabel())
      check_label_rule(draft, rule, element(actor.at + ".label", i++), found);
  }
}

} // namespace sluice::graph
