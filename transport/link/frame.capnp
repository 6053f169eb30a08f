# SPDX-FileCopyrightText: The Sluice authors
# SPDX-License-Identifier: Apache-2.0

# What links say on the wire. Every frame is a prefix of 32 bytes (see
# prefix.hpp), one of these structs as its header, and the payload's raw bytes.
# Frames of channel 0 hold a Control and belong to one connection: they are
# neither numbered nor sent again. All other frames belong to a channel and are
# numbered; the first piece of each message holds an Envelope. Numbers of
# fields are never reused.
@0xd3a1f07b5c9e2684;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("sluice::transport::link::schema");

struct Control {
  # A frame of channel 0.

  union {
    hello @0 :Hello;
    # The first frame of who connected.

    welcome @1 :Welcome;
    # The answer that lets it in.

    refusal @2 :Refusal;
    # The answer that does not; the connection is closed after it.

    progress @3 :List(Progress);
    # Acknowledgements and credit of channels where either has changed.

    ping @4 :Void;
    # Sent when nothing else was, so that silence means a cut cable.

    goodbye @5 :Void;
    # Everything that this side sent has been acknowledged, and it sends no
    # more. When both sides have said so, the session has ended.
  }
}

struct Hello {
  # Who connects, and what it knows of the session.

  versionMin @0 :UInt16;
  versionMax @1 :UInt16;
  # The protocol versions that it speaks.

  node @2 :Text;
  # Its name in the cluster; its certificate must say the same.

  cluster @3 :Text;
  # The cluster's name; must be the same on both sides.

  graphHash @4 :Data;
  # Names the graph that it runs, at most 64 bytes; must be equal.

  instance @5 :Data;
  # 16 random bytes, new when the process starts. When a node's instance has
  # changed, its older sessions are lost, and nobody waits for them.

  session @6 :Data;
  # 16 random bytes, chosen by who connects. Whoever knows them and has the
  # certificate may resume.

  fresh @7 :Bool;
  # No welcome for this session was received yet: one that nobody knows begins.
  # If not set, one that nobody knows is refused, because frames would be lost.

  progress @8 :List(Progress);
  # What it has received, channel by channel.

  attempt @9 :UInt32;
  # Counts the hellos of this session, from 1. A hello that was held up on the
  # way and arrives after a later one is of no use any more.
}

struct Welcome {
  # The other side's half of the same.

  version @0 :UInt16;
  # The one that will be spoken: the highest that both know.

  node @1 :Text;
  instance @2 :Data;
  progress @3 :List(Progress);
}

struct Refusal {
  # Why a peer was not let in.

  reason @0 :Reason;
  text @1 :Text;
  # For people.

  enum Reason {
    version @0;
    cluster @1;
    graph @2;
    identity @3;
    unknownSession @4;
    full @5;
    malformed @6;
  }
}

struct Progress {
  # One channel, seen from who receives on it. All numbers only grow, so the
  # latest tells everything and any may be lost.

  channel @0 :UInt32;
  received @1 :UInt64;
  # Every piece up to this number was received: the acknowledgement.

  frames @2 :UInt64;
  # Messages that the peer may have sent since the channel began.

  bytes @3 :UInt64;
  # Bytes of bodies and attachments, likewise.
}

struct Envelope {
  # Leads the first piece of what a channel carries.

  union {
    open @0 :Open;
    message @1 :Message;
    end @2 :Void;
    # The last of the channel: its sender is done.
  }
}

struct Open {
  # The first of a channel.

  name @0 :Text;
  # What the channel is for; must be equal on both sides.

  maxMessageBytes @1 :UInt64;
  # The largest message that this side takes.
}

struct Message {
  # Describes the payload: the body's bytes, then the attachment's.

  kind @0 :UInt32;
  # The owner's number for what this is.

  bodyBytes @1 :UInt64;
  attachmentBytes @2 :UInt64;
  # As delivered; credit counts these two.

  wireBytes @3 :UInt64;
  # Of the attachment on the wire; smaller when compressed.

  compression @4 :Compression;
  element @5 :Element;
  rows @6 :UInt32;
  width @7 :UInt32;
  # A tensor's shape [rows, width]; 0 when the attachment is none.

  enum Compression {
    none @0;
    zstd @1;
  }
  enum Element {
    bytes @0;
    f32 @1;
    bf16 @2;
  }
}
