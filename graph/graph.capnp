# SPDX-FileCopyrightText: The Sluice authors
# SPDX-License-Identifier: Apache-2.0

# The single source of truth of graph and placement files. The YAML reader, the
# JSON Schema and the reference page are made from this file: a field's comment
# is its documentation. YAML spells fieldName as field_name. Numbers of fields
# are never reused.
@0xb1f1c0a3d5e74c29;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("sluice::graph::schema");

annotation required @0xd61f3b1e8f0c7a55 (field) :Void;
# The field must be written.

annotation key @0xc0b64c3a7b1f2e91 (field) :Void;
# A list of this struct is written as a map; this field is the map's key.

annotation single @0xe2a7c5d90b6f4813 (field) :Void;
# A lone value stands for a list of one.

annotation tagged @0xf9c1e4b7a2d35866 (union) :Void;
# The union's name is written as a field whose value names the member; the
# member's own fields stand beside it.

annotation range @0xa8d2f6c4e1b09377 (field) :Limits;
# The smallest and the largest number allowed.

annotation format @0x9e3b5d7f1c2a4068 (field, struct) :Text;
# A shorthand that the value is written in: bytes, duration, price, range.

struct Limits {
  min @0 :Float64;
  max @1 :Float64;
}

# -- graph ----------------------------------------------------------------------

struct Graph {
  # What flows: actors, and the edges between them.

  graph @0 :Text $required;
  # The graph's name.

  models @1 :List(Model);
  # Model files that actors refer to by name.

  actors @2 :List(Actor) $required;
  # The actors by name.

  flow @3 :List(Text) $required;
  # Chains of actors, "door -> prep -> pick". "pick.home" is the output 'home'
  # of 'pick'; an actor with a single output needs no output name.
}

struct Model {
  # A model on disk.

  name @0 :Text $key;
  # The name that actors use.

  path @1 :Text $required;
  # A .gguf file, or a folder with config.json and *.safetensors. Relative to
  # the graph file.

  context @2 :UInt32 $range((min = 16, max = 16777216));
  # Longest prompt and answer together, in tokens. As trained if not given.

  attention @3 :Attention;
  # Which tokens attention sees. As trained if not given.

  chatTemplate @4 :Text;
  # A file with a chat template in Jinja, relative to the graph file, in place of
  # the one that came with the model. Its convention of tool calls counts, too.
}

struct Attention {
  # A window that moves along with the newest token. What lies behind it is
  # forgotten, and its memory is free for others.

  window @0 :UInt32 $required $range((min = 16, max = 16777216));
  # How many of the newest tokens are seen. Narrower windows of the model's own
  # stay.

  sinks @1 :UInt32 = 4 $range((min = 0, max = 65536));
  # How many of the first tokens are always seen, too: without them most models
  # lose their thread once the first tokens are forgotten.
}

struct Actor {
  # One actor.

  name @0 :Text $key;
  # Its name in flow, rules and placements.

  kind :union $tagged {
    # What the actor does; its settings stand beside.

    unset @1 :Void;
    gateway @2 :Gateway;
    preprocess @3 :Preprocess;
    router @4 :Router;
    model @5 :ModelActor;
    postprocess @6 :Postprocess;
    cache @7 :Cache;
  }
}

struct Gateway {
  # Serves the OpenAI-compatible HTTP API: requests enter and text leaves here.

  listen @0 :Text = "127.0.0.1:8080";
  # Address as "host:port"; ":8080" listens on every interface.

  apiKeys @1 :List(Text) $single;
  # Accepted bearer tokens. Without any, everybody who can connect may ask.

  maxBody @2 :UInt64 = 8388608 $format("bytes") $range((min = 1024, max = 1073741824));
  # Largest request body.

  maxConnections @3 :UInt32 = 4096 $range((min = 1, max = 1000000));
  # Open connections; more are refused with 503.

  maxRequests @4 :UInt32 = 1024 $range((min = 1, max = 1000000));
  # Requests in flight; more are answered 429 with Retry-After.

  maxChoices @5 :UInt32 = 16 $range((min = 1, max = 1024));
  # Largest n of one request.

  deadline @6 :UInt64 = 600000 $format("duration") $range((min = 100, max = 86400000));
  # Longest time that one request may take.

  idleTimeout @7 :UInt64 = 60000 $format("duration") $range((min = 100, max = 86400000));
  # A connection that sends nothing for so long is closed.

  threads @8 :UInt32 = 2 $range((min = 1, max = 1024));
  # Threads that serve connections.

  corsOrigin @9 :Text;
  # Web pages of this origin may ask; "*" means of any. None if not given.

  sessions @10 :UInt32 = 256 $range((min = 0, max = 1000000));
  # Sessions, inputs that arrive in chunks, open at once; more are refused.

  sessionTtl @11 :UInt64 = 600000 $format("duration") $range((min = 100, max = 86400000));
  # A session that nobody calls for so long ends.

  slots @12 :Bool = true;
  # GET /slots tells what every request in flight does; off, it answers 501.
}

struct Preprocess {
  # Labels a request, renders the chat template and tokenizes.

  model @0 :Text $required;
  # The model whose tokenizer and chat template are used.

  label @1 :List(LabelRule) $single;
  # Rules that put labels on requests; every rule that finds something counts.

  toolCalls @2 :ToolCalls;
  # How the model writes that it calls a tool.
}

enum ToolCalls {
  auto @0;
  # As its chat template does; hermes when that says nothing.

  hermes @1;
  # JSON between tool_call tags.

  llama3 @2;
  # JSON that is the whole answer.

  mistral @3;
  # A JSON list after [TOOL_CALLS].

  none @4;
  # No call is looked for: whatever the model writes is text.
}

struct LabelRule {
  # Puts a label on requests in which something is found. Exactly one of find,
  # pattern and words is written.

  as @0 :Text $required;
  # The label.

  find @1 :Detector;
  # A built-in detector.

  pattern @2 :Text;
  # An RE2 regular expression that matches anywhere in the text.

  words @3 :List(Text) $single;
  # Whole words, upper and lower case alike.
}

enum Detector {
  none @0;
  # No detector.

  pii @1;
  # Personal data: e-mail addresses, phone, card and account numbers.
}

struct Router {
  # Sends each prompt to one of its named outputs.

  rules @0 :List(RouteRule) $required $single;
  # The first rule that matches decides. The last one has no condition.
}

struct RouteRule {
  # A condition and the output it leads to.

  when @0 :Condition;
  # When the rule matches; always if not given.

  to @1 :Text $required;
  # The output, as flow names it after the dot.
}

struct Condition {
  # All that is written must hold.

  label @0 :Text;
  # The request carries this label.

  loadOf @1 :Text;
  # The model actor whose load is compared with above or below. Load is requests
  # held divided by batch: 1 is a full batch, above 1 a queue.

  above @2 :Float32 = nan $range((min = 0, max = 1000));
  # Matches when the load is higher.

  below @3 :Float32 = nan $range((min = 0, max = 1000));
  # Matches when the load is lower.
}

struct ModelActor {
  # Runs a model: a scheduler that forms batches, and one or more stages.

  model @0 :Text $required;
  # The model's name under models.

  pipeline @1 :UInt32 = 1 $range((min = 1, max = 1024));
  # Stages that share the layers. A placement may say otherwise.

  batch @2 :UInt32 = 128 $range((min = 1, max = 4096));
  # Most requests in one step.

  stepTokens @3 :UInt32 = 512 $range((min = 1, max = 1048576));
  # Most new tokens in one step, more than batch; long prompts are cut into
  # chunks.

  queue @4 :UInt32 = 256 $range((min = 0, max = 1000000));
  # Requests that may wait for a place; more are refused.

  context @5 :UInt32 $range((min = 16, max = 16777216));
  # Longest prompt and answer together, in tokens. The model's if not given.

  kvMemory @6 :UInt64 = 1073741824 $format("bytes") $range((min = 65536, max = 1099511627776));
  # Most memory for keys and values, all stages together.

  threads @7 :UInt32 $range((min = 1, max = 4096));
  # Threads that compute, over all stages. Every core if not given.

  prefixCache @8 :Bool = true;
  # Keys and values of finished requests stay as long as there is space, and
  # prompts that begin alike are computed once.

  kv @9 :KvFormat;
  # How keys and values are stored.

  draft @10 :Draft;
  # Guesses tokens ahead, so that one request alone is answered faster.

  tiers @11 :KvTiers;
  # Where keys and values go that are still good but have lost their place, with
  # prefix_cache.

  embedding @12 :Embedding;
  # How /v1/embeddings makes a vector of a text.
}

struct Embedding {
  # A vector of a text, of length 1, out of the states that the model's last norm
  # gives for each token.

  pooling @0 :Pooling;
  # Which states count.
}

enum Pooling {
  mean @0;
  # All of them alike.

  last @1;
  # That of the last token, as models are trained that are made for it.

  none @2;
  # The model makes no embeddings: who asks is refused.
}

struct KvTiers {
  # Keys and values outside of kv_memory. Prompts that begin like earlier ones
  # get them back from there.

  host @0 :UInt64 $format("bytes") $range((min = 0, max = 1099511627776));
  # Most main memory for those that kv_memory has no more room for.

  disk @1 :KvDisk;
  # A file for all of them, which outlives the process.
}

struct KvDisk {
  # A file of keys and values. It serves one model; for another it begins anew.
  # Trouble with it is told in the log, and the model goes on without.

  path @0 :Text $required;
  # The file, relative to the graph file. Stages of a pipeline add ".0", ".1".

  size @1 :UInt64 = 4294967296 $format("bytes") $range((min = 1048576, max = 1125899906842624));
  # Most bytes of disk, all stages together.
}

enum KvFormat {
  auto @0;
  # f32 for models of f32 weights, else f16.

  f32 @1;
  # Four bytes per value, nothing is rounded.

  f16 @2;
  # Two bytes per value, as llama.cpp stores them.

  int8 @3;
  # 9/16 of f16: one byte per value, and four for 32 values. Twice the context
  # in the same memory, at an error near that of 8-bit weights.
}

struct Draft {
  # Tokens guessed ahead of a model, which verifies several of them in the time of
  # one. Answers do not change: greedy ones and those with a seed are the same
  # token by token, others follow the same distribution. Exactly one of model and
  # lookup is written.

  model @0 :Text;
  # A smaller model with the same vocabulary.

  lookup @1 :Bool;
  # Guess what followed the last tokens where they stood before, in the prompt or
  # in the answer.

  tokens @2 :UInt32 = 4 $range((min = 1, max = 64));
  # Most tokens guessed at once. Fewer are where guesses fail.

  batch @3 :UInt32 = 4 $range((min = 1, max = 4096));
  # With more requests decoding than this nothing is guessed: then a larger batch
  # is the better use of the machine.
}

struct Postprocess {
  # Turns tokens into text: whole characters, stop strings.

  model @0 :Text $required;
  # The model whose tokenizer is used.
}

struct Cache {
  # Remembers whole answers that can be foretold, greedy ones and those sampled
  # from a given seed, and tells them again to equal requests of the same tenant
  # and labels. Both ways lead through it: "door -> memo -> prep" and
  # "done -> memo -> door".

  ttl @0 :UInt64 = 600000 $format("duration") $range((min = 100, max = 31536000000));
  # How long an answer is remembered.

  size @1 :UInt64 = 67108864 $format("bytes") $range((min = 4096, max = 1099511627776));
  # Most memory for answers; the least recently used is forgotten first. One
  # answer takes at most a quarter.
}

# -- placement ------------------------------------------------------------------

struct Placement {
  # Where the actors run.

  placement @0 :Text $required;
  # The placement's name.

  zones @1 :List(Zone) $required;
  # Zones by name.

  nodes @2 :List(Node);
  # Known machines by name. Others may join and say the same about themselves.

  place @3 :List(PlaceRule) $required $single;
  # Where each actor may run. Rules for the same actor add up; a rule that names
  # it goes before one with a pattern, and a pattern before '*'.

  keep @4 :List(KeepRule) $single;
  # Labels and the zones that they never leave.
}

struct Zone {
  # A group of machines under one owner.

  name @0 :Text $key;
  # The zone's name.

  trust @1 :Trust;
  # Who else is there.

  price @2 :Float64 $format("price") $range((min = 0, max = 1000000));
  # Cost of one node for an hour, "2.1/h".
}

enum Trust {
  private @0;
  # Only our own people and programs.

  public @1;
  # Others share the machines or the network.
}

struct Node {
  # A machine.

  name @0 :Text $key;
  # The node's name.

  zone @1 :Text $required;
  # The zone it stands in.

  address @2 :Text;
  # Where its agent listens, "host:port".

  labels @3 :List(Text) $single;
  # Free words that place rules select by.

  cores @4 :UInt32 $range((min = 1, max = 65536));
  # Processor cores.

  memory @5 :UInt64 $format("bytes");
  # Main memory.

  devices @6 :List(Device) $single;
  # Accelerators.

  speed @7 :Speed;
  # How fast it computes. As the others if not given.

  reserve @8 :UInt64 $format("bytes");
  # Main memory that is kept for other programs.
}

struct Speed {
  # What a node was measured to do. "sluice bench model" prints both.

  ops @0 :Float64 $range((min = 0, max = 1e18));
  # Operations on 8-bit integers per second: what a prompt takes.

  read @1 :UInt64 $format("bytes");
  # Bytes of weights read per second: what a generated token takes.
}

struct Device {
  # One kind of accelerator in a node.

  kind @0 :DeviceKind $required;
  # What it is.

  count @1 :UInt32 = 1 $range((min = 1, max = 1024));
  # How many.

  memory @2 :UInt64 $format("bytes");
  # Memory of each.
}

enum DeviceKind {
  any @0;
  # No matter.

  cpu @1;
  # The processor itself.

  cuda @2;
  # An NVIDIA GPU.
}

struct PlaceRule {
  # Where the selected actors may run, and how they are split.

  actor @0 :List(Text) $required $single;
  # Names or patterns: "home", "h*", "home.stage[0..3]", "*.rank[1]", "*", and
  # "home.prefill" or "home.decode" of replicas that share the work so.

  zone @1 :List(Text) $single;
  # Zones it may run in, the first one preferred. Any if not given.

  node @2 :List(Text) $single;
  # Nodes it may run on. Any if not given.

  label @3 :List(Text) $single;
  # Labels that the node must have.

  needs @4 :Needs;
  # What the node must have free.

  colocate @5 :List(Text) $single;
  # Actors that run on the same node.

  spread @6 :Spread;
  # What the parts and replicas must not share.

  pipeline @7 :UInt32 $range((min = 1, max = 1024));
  # Stages that share the layers.

  tensor @8 :UInt32 $range((min = 1, max = 8));
  # Ranks that share each stage's matrices: 1, 2, 4 or 8.

  expert @9 :UInt32 $range((min = 1, max = 1024));
  # Groups that share the experts.

  replicas @10 :Range;
  # Copies: a number, or a range within which they follow the load.

  prefill @13 :UInt32 $range((min = 1, max = 1024));
  # How many of the replicas only read prompts, and hand keys and values on to the
  # others, which only generate. All do both if not given.

  prefer @11 :Where;
  # Taken when there is a choice.

  never @12 :Where;
  # Not taken even when nothing else is left.
}

struct Needs {
  # Capabilities of a node.

  memory @0 :UInt64 $format("bytes");
  # Memory of the device, or main memory for cpu.

  device @1 :DeviceKind;
  # Kind of device.

  cores @2 :UInt32 $range((min = 1, max = 65536));
  # Processor cores.
}

struct Where {
  # A choice of nodes: all that match any of these.

  zone @0 :List(Text) $single;
  # Zones.

  node @1 :List(Text) $single;
  # Nodes.

  label @2 :List(Text) $single;
  # Labels of nodes.
}

enum Spread {
  none @0;
  # They may share everything.

  node @1;
  # Each on its own node.

  zone @2;
  # Each in its own zone.
}

struct Range $format("range") {
  # "2", "0..8".

  min @0 :UInt32 = 1;
  # The fewest.

  max @1 :UInt32 = 1;
  # The most.
}

struct KeepRule {
  # Data with a label stays inside these zones: requests, prompts and answers.

  label @0 :Text $required;
  # The label.

  inside @1 :List(Text) $required $single;
  # The zones.
}

# -- cluster --------------------------------------------------------------------

struct Cluster {
  # The machines of a cluster, and how they find and watch each other.

  cluster @0 :Text $required;
  # The cluster's name.

  nodes @1 :List(Node);
  # Known machines by name. Others may join and say the same about themselves.

  join @2 :Text = "127.0.0.1:7700";
  # Where the hub listens for nodes, "host:port".

  heartbeat @3 :UInt64 = 500 $format("duration") $range((min = 10, max = 60000));
  # How often a node gives a sign of life.

  suspect @4 :UInt64 = 2000 $format("duration") $range((min = 20, max = 600000));
  # After so long without one a node gets no new work.

  dead @5 :UInt64 = 5000 $format("duration") $range((min = 30, max = 3600000));
  # After so long its actors are placed anew on other nodes.

  certificates @6 :Text = "certificates";
  # The folder with the CA's certificate and this machine's certificate and key.
  # Relative to the cluster file.
}
