// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/wire.hpp"

#include "transport/link/frame.capnp.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstring>

namespace sluice::transport::link {

namespace {

constexpr std::size_t max_name_bytes = 256;
constexpr std::size_t max_hash_bytes = 64;
constexpr std::size_t max_text_bytes = 1024;

// Scratch for the builder: the usual header takes no allocation.
constexpr std::size_t scratch_words = 64;

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

header_bytes flatten(capnp::MallocMessageBuilder& builder) {
  const auto flat = capnp::messageToFlatArray(builder);
  const auto bytes = flat.asBytes();
  const auto* first = reinterpret_cast<const std::byte*>(bytes.begin());
  return {first, first + bytes.size()};
}

template <class Bytes>
capnp::Data::Reader as_data(const Bytes& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

void write_progress(capnp::List<schema::Progress>::Builder out,
                    const std::vector<progress>& channels) {
  for (unsigned i = 0; i < channels.size(); ++i) {
    auto to = out[i];
    to.setChannel(channels[i].channel);
    to.setReceived(channels[i].received);
    to.setFrames(channels[i].granted.frames);
    to.setBytes(channels[i].granted.bytes);
  }
}

std::vector<progress>
read_progress(capnp::List<schema::Progress>::Reader from) {
  std::vector<progress> out;
  out.reserve(from.size());
  for (const auto one : from)
    out.push_back({one.getChannel(),
                   one.getReceived(),
                   {one.getFrames(), one.getBytes()}});
  return out;
}

void write(schema::Hello::Builder out, const hello& value) {
  out.setVersionMin(value.versions.least);
  out.setVersionMax(value.versions.most);
  out.setNode(value.node);
  out.setCluster(value.cluster);
  out.setGraphHash(as_data(value.graph_hash));
  out.setInstance(as_data(value.instance));
  out.setSession(as_data(value.session));
  out.setFresh(value.fresh);
  out.setAttempt(value.attempt);
  write_progress(out.initProgress(value.progress.size()), value.progress);
}

void write(schema::Welcome::Builder out, const welcome& value) {
  out.setVersion(value.version);
  out.setNode(value.node);
  out.setInstance(as_data(value.instance));
  write_progress(out.initProgress(value.progress.size()), value.progress);
}

void write(schema::Message::Builder out, const message_head& value) {
  out.setKind(value.kind);
  out.setBodyBytes(value.body_bytes);
  out.setAttachmentBytes(value.attachment_bytes);
  out.setWireBytes(value.wire_bytes);
  out.setCompression(static_cast<schema::Message::Compression>(value.packing));
  out.setElement(static_cast<schema::Message::Element>(value.type));
  out.setRows(value.rows);
  out.setWidth(value.width);
}

std::optional<token16> read_token(capnp::Data::Reader from) {
  token16 out;
  if (from.size() != out.size())
    return std::nullopt;
  std::memcpy(out.data(), from.begin(), out.size());
  return out;
}

std::optional<control> read(schema::Hello::Reader from) {
  const auto instance = read_token(from.getInstance());
  const auto session = read_token(from.getSession());
  const auto hash = from.getGraphHash();
  if (!instance || !session || hash.size() > max_hash_bytes
      || from.getNode().size() > max_name_bytes
      || from.getCluster().size() > max_name_bytes)
    return std::nullopt;
  const auto* first = reinterpret_cast<const std::byte*>(hash.begin());
  return hello{{from.getVersionMin(), from.getVersionMax()},
               from.getNode(),
               from.getCluster(),
               {first, first + hash.size()},
               *instance,
               *session,
               from.getFresh(),
               read_progress(from.getProgress()),
               from.getAttempt()};
}

std::optional<control> read(schema::Welcome::Reader from) {
  const auto instance = read_token(from.getInstance());
  if (!instance || from.getNode().size() > max_name_bytes)
    return std::nullopt;
  return welcome{from.getVersion(), from.getNode(), *instance,
                 read_progress(from.getProgress())};
}

std::optional<control> read(schema::Refusal::Reader from) {
  const auto reason = static_cast<std::uint16_t>(from.getReason());
  if (reason > static_cast<std::uint16_t>(refusal_reason::malformed)
      || from.getText().size() > max_text_bytes)
    return std::nullopt;
  return refusal{static_cast<refusal_reason>(reason), from.getText()};
}

std::optional<envelope> read(schema::Message::Reader from) {
  const auto compression = static_cast<std::uint16_t>(from.getCompression());
  const auto type = static_cast<std::uint16_t>(from.getElement());
  if (compression > static_cast<std::uint16_t>(packing::zstd)
      || type > static_cast<std::uint16_t>(element::bf16))
    return std::nullopt;
  const message_head out{from.getKind(),
                         from.getBodyBytes(),
                         from.getAttachmentBytes(),
                         from.getWireBytes(),
                         static_cast<packing>(compression),
                         static_cast<element>(type),
                         from.getRows(),
                         from.getWidth()};
  // Each below 2^62, so that no sum of them wraps.
  constexpr auto most = std::uint64_t{1} << 62;
  if (out.body_bytes > most || out.attachment_bytes > most
      || out.wire_bytes > out.attachment_bytes
      || (out.packing == packing::none
          && out.wire_bytes != out.attachment_bytes))
    return std::nullopt;
  return out;
}

std::optional<envelope> read(schema::Open::Reader from) {
  if (from.getName().size() > max_name_bytes)
    return std::nullopt;
  return open_channel{from.getName(), from.getMaxMessageBytes()};
}

std::optional<control> read(schema::Control::Reader from) {
  switch (from.which()) {
  case schema::Control::HELLO:
    return read(from.getHello());
  case schema::Control::WELCOME:
    return read(from.getWelcome());
  case schema::Control::REFUSAL:
    return read(from.getRefusal());
  case schema::Control::PROGRESS:
    return progress_list{read_progress(from.getProgress())};
  case schema::Control::PING:
    return ping{};
  case schema::Control::GOODBYE:
    return goodbye{};
  }
  return std::nullopt; // of a later version
}

std::optional<envelope> read(schema::Envelope::Reader from) {
  switch (from.which()) {
  case schema::Envelope::OPEN:
    return read(from.getOpen());
  case schema::Envelope::MESSAGE:
    return read(from.getMessage());
  case schema::Envelope::END:
    return end_channel{};
  }
  return std::nullopt;
}

// Cap'n Proto wants words; the read-ahead is aligned to nothing. It throws at
// what is malformed, whatever that is.
template <class Root>
auto parse(std::span<const std::byte> bytes)
    -> decltype(read(std::declval<typename Root::Reader>())) {
  try {
    capnp::word small[scratch_words];
    std::vector<capnp::word> large;
    const auto count = bytes.size() / sizeof(capnp::word);
    capnp::word* words = small;
    if (count > scratch_words) {
      large.resize(count);
      words = large.data();
    }
    std::memcpy(words, bytes.data(), count * sizeof(capnp::word));
    capnp::ReaderOptions limits;
    limits.traversalLimitInWords = 2 * max_header_bytes / sizeof(capnp::word);
    limits.nestingLimit = 8;
    capnp::FlatArrayMessageReader reader{
        kj::ArrayPtr<const capnp::word>{words, count}, limits};
    return read(reader.getRoot<Root>());
  } catch (const kj::Exception&) {
    return std::nullopt;
  }
}

} // namespace

header_bytes encode(const control& value) {
  capnp::word scratch[scratch_words] = {};
  capnp::MallocMessageBuilder builder{kj::arrayPtr(scratch, scratch_words)};
  auto root = builder.initRoot<schema::Control>();
  std::visit(
      overloaded{
          [&](const hello& v) { write(root.initHello(), v); },
          [&](const welcome& v) { write(root.initWelcome(), v); },
          [&](const refusal& v) {
            auto out = root.initRefusal();
            out.setReason(static_cast<schema::Refusal::Reason>(v.reason));
            out.setText(v.text);
          },
          [&](const progress_list& v) {
            write_progress(root.initProgress(v.channels.size()), v.channels);
          },
          [&](const ping&) { root.setPing(); },
          [&](const goodbye&) { root.setGoodbye(); },
      },
      value);
  return flatten(builder);
}

header_bytes encode(const envelope& value) {
  capnp::word scratch[scratch_words] = {};
  capnp::MallocMessageBuilder builder{kj::arrayPtr(scratch, scratch_words)};
  auto root = builder.initRoot<schema::Envelope>();
  std::visit(overloaded{
                 [&](const open_channel& v) {
                   auto out = root.initOpen();
                   out.setName(v.name);
                   out.setMaxMessageBytes(v.max_message_bytes);
                 },
                 [&](const message_head& v) { write(root.initMessage(), v); },
                 [&](const end_channel&) { root.setEnd(); },
             },
             value);
  return flatten(builder);
}

std::optional<control> decode_control(std::span<const std::byte> bytes) {
  return parse<schema::Control>(bytes);
}

std::optional<envelope> decode_envelope(std::span<const std::byte> bytes) {
  return parse<schema::Envelope>(bytes);
}

} // namespace sluice::transport::link
