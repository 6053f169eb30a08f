// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/link/codec.hpp"

#include "actors/link/field_codec.hpp"
#include "actors/link/message_codecs.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>

namespace sluice::actors {

namespace {

using builder = wire::Message::Builder;

void put(builder to, const request& what, instant now) {
  write(to.initRequest(), what, now);
}
void put(builder to, const prompt& what, instant now) {
  write(to.initPrompt(), what, now);
}
void put(builder to, const accepted& what, instant) {
  auto out = to.initAccepted();
  out.setId(what.id);
  out.setPromptTokens(what.prompt_tokens);
}
void put(builder to, const refused& what, instant) {
  write(to.initRefused(), what);
}
void put(builder to, const cancel& what, instant) {
  to.setCancel(what.id);
}
void put(builder to, const hold& what, instant) {
  auto out = to.initHold();
  out.setId(what.id);
  out.setOn(what.on);
}
void put(builder to, const forget_session& what, instant) {
  to.setForgetSession(text_of(what.session));
}
void put(builder to, const generation& what, instant) {
  write(to.initGeneration(), what);
}
void put(builder to, const step_output& what, instant) {
  write(to.initStepOutput(count_of(what.answers.size())), what);
}
void put(builder to, const text_delta& what, instant) {
  write(to.initTextDelta(), what);
}
void put(builder to, const stage_pass& what, instant) {
  write(to.initStagePass(), what);
}
void put(builder to, const step_result& what, instant) {
  write(to.initStepResult(), what);
}
void put(builder to, const load_progress& what, instant) {
  write(to.initLoadProgress(), what);
}
void put(builder to, const stage_loaded& what, instant) {
  write(to.initStageLoaded(), what);
}
void put(builder to, const credit& what, instant) {
  to.setCredit(what.count);
}

std::vector<std::uint64_t> words_of(capnp::MessageBuilder& message) {
  const auto size = capnp::computeSerializedSizeInWords(message);
  std::vector<std::uint64_t> out(size);
  kj::ArrayOutputStream stream{
      {reinterpret_cast<kj::byte*>(out.data()), size * sizeof(std::uint64_t)}};
  capnp::writeMessage(stream, message);
  return out;
}

/// Cuts the floats behind a stage_pass into its two parts.
stage_pass with_floats(wire::StagePass::Reader from,
                       std::vector<float> floats) {
  const auto hidden = from.getHidden();
  const auto proposals = from.getProposals();
  if (hidden > floats.size() || proposals != floats.size() - hidden)
    throw codec_error("a stage pass counts " + std::to_string(hidden) + " + "
                      + std::to_string(proposals) + " floats and has "
                      + std::to_string(floats.size()));
  auto out = read(from);
  const auto at = floats.begin() + static_cast<std::ptrdiff_t>(hidden);
  out.proposals.assign(at, floats.end());
  floats.resize(hidden);
  out.hidden = std::move(floats);
  return out;
}

linked_message take(wire::Message::Reader from, std::vector<float> floats,
                    instant now) {
  switch (from.which()) {
  case wire::Message::REQUEST:
    return read(from.getRequest(), now);
  case wire::Message::PROMPT:
    return read(from.getPrompt(), now);
  case wire::Message::ACCEPTED:
    return accepted{from.getAccepted().getId(),
                    from.getAccepted().getPromptTokens()};
  case wire::Message::REFUSED:
    return read(from.getRefused());
  case wire::Message::CANCEL:
    return cancel{from.getCancel()};
  case wire::Message::HOLD:
    return hold{from.getHold().getId(), from.getHold().getOn()};
  case wire::Message::FORGET_SESSION:
    return forget_session{to_string(from.getForgetSession())};
  case wire::Message::GENERATION:
    return read(from.getGeneration());
  case wire::Message::STEP_OUTPUT:
    return read(from.getStepOutput());
  case wire::Message::TEXT_DELTA:
    return read(from.getTextDelta());
  case wire::Message::STAGE_PASS:
    return with_floats(from.getStagePass(), std::move(floats));
  case wire::Message::STEP_RESULT:
    return read(from.getStepResult());
  case wire::Message::LOAD_PROGRESS:
    return read(from.getLoadProgress());
  case wire::Message::STAGE_LOADED:
    return read(from.getStageLoaded());
  case wire::Message::CREDIT:
    return credit{from.getCredit()};
  case wire::Message::UNSET:
    break;
  }
  throw codec_error("a message of a kind that this version does not know");
}

} // namespace

encoded_message encode(linked_message what, instant now) {
  capnp::MallocMessageBuilder message;
  const auto root = message.initRoot<wire::Message>();
  std::visit([&](const auto& one) { put(root, one, now); }, what);
  encoded_message out;
  out.body = words_of(message);
  if (auto* pass = std::get_if<stage_pass>(&what)) {
    out.hidden = std::move(pass->hidden);
    out.proposals = std::move(pass->proposals);
  }
  return out;
}

linked_message decode(std::span<const std::uint64_t> body,
                      std::vector<float> floats, instant now) {
  try {
    capnp::ReaderOptions limits;
    // A few readings of everything: pointers that all lead to one place cannot
    // make a small message a large one.
    limits.traversalLimitInWords = 4 * body.size() + 1024;
    capnp::FlatArrayMessageReader message{
        {reinterpret_cast<const capnp::word*>(body.data()), body.size()},
        limits};
    return take(message.getRoot<wire::Message>(), std::move(floats), now);
  } catch (const kj::Exception& error) {
    throw codec_error(std::string{"not a message: "}
                      + error.getDescription().cStr());
  }
}

} // namespace sluice::actors
