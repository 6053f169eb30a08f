// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The codec: prefix, headers, reader. Whatever bytes come, a frame comes out
// whole or not at all.
#include "transport/link/frame_reader.hpp"
#include "transport/link/greeting.hpp"
#include "transport/link/write_batch.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <random>

using namespace sluice::transport::link;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span{text});
  return {view.begin(), view.end()};
}

// The bytes of `what` on channel `number`, in pieces of `piece_bytes`.
std::vector<std::byte> wire_bytes(std::uint32_t number, const message& what,
                                  std::size_t piece_bytes) {
  auto whole = std::make_shared<outgoing>();
  whole->header = encode(
      envelope{message_head{what.kind, what.body.size(), what.attachment.size(),
                            what.attachment.size(), packing::none, what.type,
                            what.rows, what.width}});
  whole->body = what.body;
  whole->attachment = what.attachment;
  send_window window;
  window.push(whole, piece_bytes);
  write_batch batch;
  while (window.has_next())
    batch.add(number, priority::tensors, window.next());
  std::vector<std::byte> out;
  for (const auto& part : batch.rest()) {
    const auto* first = static_cast<const std::byte*>(part.iov_base);
    out.insert(out.end(), first, first + part.iov_len);
  }
  return out;
}

// Feeds `bytes` in chunks of at most `chunk` and says what came out; payloads
// go to memory of the right size.
struct reading {
  std::vector<std::vector<std::byte>> payloads;
  std::optional<frame_reader::step> broken;
};

reading read_all(std::span<const std::byte> bytes, std::size_t chunk) {
  reading out;
  frame_reader reader{4096};
  using step = frame_reader::step;
  while (!bytes.empty() && !out.broken) {
    auto now = bytes.first(std::min(chunk, bytes.size()));
    std::size_t taken = 0;
    for (auto space : reader.space()) {
      const auto here = std::min(space.size(), now.size());
      if (here > 0)
        std::memcpy(space.data(), now.data(), here);
      now = now.subspan(here);
      taken += here;
    }
    bytes = bytes.subspan(taken);
    reader.commit(taken);
    for (auto found = reader.next(); found != step::need_bytes;
         found = reader.next()) {
      if (found == step::header) {
        if (reader.prefix().channel == 0 || reader.payload_bytes() > 100'000) {
          reader.skip();
          continue;
        }
        auto& payload = out.payloads.emplace_back(reader.payload_bytes());
        const auto half = payload.size() / 2;
        reader.place(std::span{payload}.first(half),
                     std::span{payload}.subspan(half));
      } else if (found != step::payload) {
        out.broken = found;
        break;
      }
    }
  }
  return out;
}

message sample(std::size_t body, std::size_t attachment) {
  std::mt19937 random{7};
  const auto fill = [&](std::size_t size) {
    std::string text(size, 0);
    for (auto& c : text)
      c = static_cast<char>(random());
    return buffer::copy_of(text);
  };
  message out;
  out.kind = 9;
  out.body = fill(body);
  out.attachment = fill(attachment);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(link_frames)

BOOST_AUTO_TEST_CASE(a_prefix_survives_the_wire) {
  const frame_prefix in{48, 40, 7, 0, 0x1122334455667788, 3, 2};
  const std::vector<std::byte> header(40);
  const auto block = encode(in, header);
  auto out = decode_prefix(block);
  BOOST_TEST(plausible(out, block));
  BOOST_TEST(genuine(out, block, header));
  out.checksum = 0;
  BOOST_TEST((in == out));
  BOOST_TEST(std::to_integer<int>(block[16]) == 0x88); // little-endian
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_of_prefix_and_header_is_noticed) {
  const auto good = wire_bytes(3, sample(0, 0), 1024);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= std::byte(1u << (bit % 8));
    // A longer length waits for more; everything else is refused.
    bad.resize(bad.size() + max_header_bytes);
    const auto got = read_all(bad, bad.size());
    BOOST_TEST((got.broken.has_value() || got.payloads.empty()));
  }
}

BOOST_AUTO_TEST_CASE(control_frames_survive_the_wire) {
  hello in;
  in.versions = {2, 5};
  in.node = "n1";
  in.cluster = "c";
  in.graph_hash = bytes_of("hash");
  in.instance[3] = std::byte{9};
  in.session[15] = std::byte{4};
  in.fresh = false;
  in.progress = {{7, 1ull << 40, {3, 4}}, {8, 0, {}}};
  const auto back = decode_control(encode(control{in}));
  BOOST_REQUIRE(back.has_value());
  const auto& out = std::get<hello>(*back);
  BOOST_TEST(out.versions.least == 2);
  BOOST_TEST(out.versions.most == 5);
  BOOST_TEST(out.node == "n1");
  BOOST_TEST((out.graph_hash == in.graph_hash));
  BOOST_TEST((out.session == in.session));
  BOOST_TEST(!out.fresh);
  BOOST_REQUIRE(out.progress.size() == 2u);
  BOOST_TEST(out.progress[0].received == 1ull << 40);
  BOOST_TEST(out.progress[0].granted.bytes == 4u);

  const auto no = decode_control(
      encode(control{refusal{refusal_reason::graph, "another"}}));
  BOOST_TEST((std::get<refusal>(*no).reason == refusal_reason::graph));
  BOOST_TEST(std::get<refusal>(*no).text == "another");
  BOOST_TEST(
      std::holds_alternative<ping>(*decode_control(encode(control{ping{}}))));
  BOOST_TEST(std::holds_alternative<goodbye>(
      *decode_control(encode(control{goodbye{}}))));
}

BOOST_AUTO_TEST_CASE(impossible_values_are_no_envelope) {
  message_head head;
  head.attachment_bytes = 10;
  head.wire_bytes = 11; // more on the wire than there is
  head.packing = packing::zstd;
  BOOST_TEST(!decode_envelope(encode(envelope{head})));
  head.wire_bytes = 9;
  BOOST_TEST(decode_envelope(encode(envelope{head})).has_value());
  head.packing = packing::none; // must then be equal
  BOOST_TEST(!decode_envelope(encode(envelope{head})));
  head = {};
  head.body_bytes = ~0ull;
  BOOST_TEST(!decode_envelope(encode(envelope{head})));
}

BOOST_AUTO_TEST_CASE(random_bytes_are_no_header_and_do_no_harm) {
  std::mt19937 random{1};
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> bytes(8 * (random() % 40));
    for (auto& one : bytes)
      one = std::byte(random());
    decode_control(bytes);
    decode_envelope(bytes);
  }
}

BOOST_AUTO_TEST_CASE(mutated_headers_do_no_harm) {
  hello in;
  in.node = "node";
  in.cluster = "cluster";
  in.progress = {{1, 2, {3, 4}}, {5, 6, {7, 8}}};
  const auto good = encode(control{in});
  const auto fine = encode(envelope{open_channel{"edge", 1000}});
  std::mt19937 random{2};
  for (int i = 0; i < 20'000; ++i) {
    auto bad = i % 2 == 0 ? good : fine;
    for (auto flips = 1 + random() % 4; flips > 0; --flips)
      bad[random() % bad.size()] = std::byte(random());
    decode_control(bad);
    decode_envelope(bad);
    decode_control(std::span{bad}.first(random() % bad.size()));
  }
}

BOOST_AUTO_TEST_CASE(frames_are_put_together_from_any_chunks) {
  const auto what = sample(1000, 9000);
  auto bytes = greeting_bytes(control{ping{}});
  bytes.erase(bytes.begin(), bytes.begin() + preamble.size());
  const auto more = wire_bytes(1, what, 512);
  bytes.insert(bytes.end(), more.begin(), more.end());
  for (const std::size_t chunk :
       {1u, 2u, 7u, 31u, 33u, 500u, 4096u, 100'000u}) {
    const auto got = read_all(bytes, chunk);
    BOOST_TEST(!got.broken);
    std::vector<std::byte> all;
    for (const auto& one : got.payloads)
      all.insert(all.end(), one.begin(), one.end());
    BOOST_REQUIRE(all.size() == 10'000u);
    BOOST_TEST(std::memcmp(all.data(), what.body.data(), 1000) == 0);
    BOOST_TEST(std::memcmp(all.data() + 1000, what.attachment.data(), 9000)
               == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_corrupted_stream_stops_and_never_runs_over) {
  const auto good = wire_bytes(1, sample(300, 3000), 512);
  std::mt19937 random{3};
  for (int i = 0; i < 5'000; ++i) {
    auto bad = good;
    bad[random() % bad.size()] ^= std::byte(1 + random() % 255);
    const auto got = read_all(bad, 1 + random() % 2000);
    for (const auto& one : got.payloads)
      BOOST_TEST(one.size() <= 512u);
  }
}

BOOST_AUTO_TEST_CASE(
    a_length_above_the_limit_is_refused_before_memory_is_taken) {
  frame_prefix prefix;
  prefix.channel = 1;
  prefix.length = 0xffffffff;
  prefix.header = 8;
  const std::vector<std::byte> header(8);
  const auto block = encode(prefix, header);
  const auto got = read_all(block, block.size());
  BOOST_TEST((got.broken == frame_reader::step::oversized));
}

BOOST_AUTO_TEST_SUITE_END()
