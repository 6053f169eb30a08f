// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Many short requests against one server, some of which their clients spoil:
// cut before the answer, cut in the middle of a stream, or given a time that is
// too short. Whatever was spoiled, the others get the answer that they get
// alone, and the server is afterwards as it was before: no block in use, as many
// descriptors and threads as ever, memory that has stopped to grow.
//   SLUICE_SOAK_REQUESTS  how many (2000; 20000 is the long run)
//   SLUICE_SOAK_SEED      what is asked and spoiled (1)
//   SLUICE_SOAK_MEMORY    "any" where memory tells nothing: under a sanitizer
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startServer } from './server.mjs';

const total = Number(process.env.SLUICE_SOAK_REQUESTS ?? 2000);
const seed = Number(process.env.SLUICE_SOAK_SEED ?? 1);
const judgeMemory = process.env.SLUICE_SOAK_MEMORY !== 'any';
const clients = 16;
const windows = 20;
const warmUp = 5; // windows until allocator and caches are full
// What may come on top of that until the end. A leak of 200 bytes per request
// is more in the long run.
const slackBytes = 3 << 20;

// Memory for keys and values is touched as it is first used, so there is little
// of it: it is all in use before the first figure is taken.
const graph = `graph: soak
models:
  edge: {path: ${resolve('examples/models/edge-q8_0.gguf')}}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0", idle_timeout: 1h}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, batch: 16, kv_memory: 4MiB}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
`;

// A small generator of numbers, the same in each run.
function random(state) {
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const questions = ['du', 'df', 'ls', 'tar', 'find', 'grep', 'sort', 'curl', 'ssh', 'git']
  .map((tool) => `How do I list with ${tool} what is large and old?`);

/** One request: what is asked, and how it is spoiled. */
function draw(dice) {
  const spoil = [
    'nothing', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing',
    'half a body', 'no patience', 'cut', 'timeout'][dice(10)];
  const body = {
    messages: [{ role: 'user', content: questions[dice(questions.length)] }],
    max_tokens: 1 + dice(12),
    temperature: 0,
    stream: spoil === 'cut' || dice(2) === 0,
  };
  if (spoil === 'cut' || (spoil === 'timeout' && dice(2)))
    Object.assign(body, { max_tokens: 200, ignore_eos: true });
  if (dice(10) === 0) Object.assign(body, { temperature: 1, n: 2, seed: dice(100) });
  return {
    spoil, body, ownConnection: dice(4) === 0,
    patience: dice(20), // ms
    pieces: 1 + dice(6),
    timeout: (1 + dice(60)) / 1000, // s
  };
}

/** Asks, spoils, and says how it went: {status, text} or {left: true}. */
function ask(url, agent, wish) {
  const headers = { 'Content-Type': 'application/json' };
  if (wish.spoil === 'timeout') headers['X-Request-Timeout'] = String(wish.timeout);
  const bytes = JSON.stringify(wish.body);
  if (wish.spoil === 'half a body') headers['Content-Length'] = String(bytes.length);
  return new Promise((done, fail) => {
    const asked = request(`${url}/v1/chat/completions`, {
      method: 'POST', headers, agent: wish.ownConnection ? false : agent,
    });
    const leave = () => {
      asked.destroy();
      done({ left: true });
    };
    asked.on('error', (error) => (asked.destroyed ? done({ left: true }) : fail(error)));
    asked.on('response', (answer) => {
      let got = '';
      let pieces = 0;
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        got += piece;
        if (wish.spoil === 'cut' && ++pieces >= wish.pieces) leave();
      });
      answer.on('error', () => done({ left: true }));
      answer.on('end', () => done({ status: answer.statusCode, text: got }));
    });
    if (wish.spoil === 'half a body') {
      asked.write(bytes.slice(0, bytes.length / 2));
    } else {
      asked.end(bytes);
    }
    if (['half a body', 'no patience'].includes(wish.spoil)) setTimeout(leave, wish.patience);
  });
}

/** The texts of all choices; throws what the answer says went wrong. */
function said(wish, { status, text: got }) {
  if (status !== 200) throw Object.assign(new Error(got), { status });
  const choices = [];
  const add = (index, part) => (choices[index] = (choices[index] ?? '') + (part ?? ''));
  if (!wish.body.stream) {
    for (const one of JSON.parse(got).choices) add(one.index, one.message.content);
    return JSON.stringify(choices);
  }
  const events = got.split('\n\n').filter(Boolean).map((one) => one.slice('data: '.length));
  assert.equal(events.pop(), '[DONE]');
  for (const event of events.map((one) => JSON.parse(one))) {
    if (event.error) throw Object.assign(new Error(got), { status: event.error.code });
    for (const one of event.choices) add(one.index, one.delta.content);
  }
  return JSON.stringify(choices);
}

/** What may become of a request whose time is too short. */
const late = new Set([504, 429, 'deadline_exceeded']);

class Soak {
  counts = { answered: 0, left: 0, late: 0 };
  known = new Map(); // question -> answer

  judge(wish, outcome) {
    if (outcome.left) {
      assert.notEqual(wish.spoil, 'nothing', 'the server hung up');
      assert.notEqual(wish.spoil, 'timeout', 'the server hung up');
      this.counts.left += 1;
      return;
    }
    let answer;
    try {
      answer = said(wish, outcome);
    } catch (error) {
      if (wish.spoil !== 'timeout' || !late.has(error.status)) throw error;
      this.counts.late += 1;
      return;
    }
    this.counts.answered += 1;
    const { stream, ...what } = wish.body;
    const key = JSON.stringify(what);
    assert.equal(answer, this.known.get(key) ?? answer, `another answer to ${key}`);
    this.known.set(key, answer);
  }

  /** `count` requests by all clients; ends when every client is gone. */
  async run(url, dice, count) {
    const agent = new Agent({ keepAlive: true, maxSockets: clients });
    let left = count;
    const client = async () => {
      while (left-- > 0) {
        const wish = draw(dice);
        this.judge(wish, await ask(url, agent, wish));
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    agent.destroy();
  }
}

// One connection for all figures, which is open whenever descriptors are counted.
const watching = new Agent({ keepAlive: true, maxSockets: 1 });

async function figures(url) {
  const asked = request(`${url}/metrics`, { agent: watching }).end();
  const [answer] = await once(asked, 'response');
  const page = await text(answer);
  return (name) => {
    const line = page.split('\n').find((one) => one.startsWith(`${name}{`));
    assert.ok(line, `${name} is exported`);
    return Number(line.split(' ').at(-1));
  };
}

/** What a process has open besides its standard streams, as /proc says. */
function open(proc) {
  return readdirSync(`${proc}/fd`).filter((fd) => Number(fd) > 2).flatMap((fd) => {
    try {
      return [readlinkSync(`${proc}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

// The door and the connection that asks for figures.
const sockets = 2;

/** The server's process once every client is gone and every block is free. */
async function quiet({ url, child }) {
  const proc = `/proc/${child.pid}`;
  for (;;) {
    const value = await figures(url);
    const busy = ['vllm:num_requests_running', 'vllm:num_requests_waiting',
      'vllm:kv_cache_usage_perc'].some((name) => value(name) !== 0);
    const descriptors = open(proc);
    if (!busy && descriptors.filter((to) => to.startsWith('socket:')).length === sockets) {
      const status = readFileSync(`${proc}/status`, 'utf8');
      return {
        descriptors: descriptors.length,
        threads: readdirSync(`${proc}/task`).length,
        rss: Number(status.match(/^VmRSS:\s+(\d+) kB/m)[1]) * 1024,
      };
    }
    await new Promise((done) => setTimeout(done, 5));
  }
}

const mib = (bytes) => (bytes / (1 << 20)).toFixed(1);

test(`${total} requests, four of ten spoiled, leave the server as it was`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'));
  writeFileSync(join(folder, 'soak.yaml'), graph);
  const server = await startServer(join(folder, 'soak.yaml'));
  try {
    const dice = random(seed);
    const soak = new Soak();
    const first = await quiet(server);
    const seen = [];
    for (let window = 0; window < windows; ++window) {
      await soak.run(server.url, dice, total / windows);
      seen.push(await quiet(server));
    }
    const { answered, left, late: tooLate } = soak.counts;
    console.log(`# ${answered} answered, ${left} left, ${tooLate} late`);
    console.log(`# memory ${seen.map((one) => mib(one.rss)).join(' ')} MiB`);
    console.log(`# ${first.descriptors} descriptors, ${first.threads} threads`);
    assert.equal(answered + left + tooLate, total);
    assert.ok(answered > total / 2 && left > total / 10 && tooLate > total / 100);
    const settled = seen.slice(warmUp);
    for (const one of settled) {
      assert.equal(one.descriptors, first.descriptors);
      assert.equal(one.threads, first.threads);
    }
    // The smallest of five windows: what is freed a moment later is no leak.
    const least = (some) => Math.min(...some.map((one) => one.rss));
    const grown = least(settled.slice(-5)) - least(settled.slice(0, 5));
    if (judgeMemory) assert.ok(grown <= slackBytes, `memory grew by ${mib(grown)} MiB`);
  } finally {
    watching.destroy();
    // Zero only if the block books are whole.
    assert.equal(await server.stop(), 0, server.log());
    rmSync(folder, { recursive: true });
  }
  assert.doesNotMatch(server.log(), /error|Sanitizer/i);
});
