// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A hundred clients stream at once and give up at random moments. Afterwards
// every block is free again, the server drains with exit code 0, and a sanitizer,
// if it was built with one, has nothing to report.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { startServer } from './server.mjs';

const clients = 100;
const seconds = Number(process.env.SLUICE_LOAD_SECONDS ?? 10);
// The longest prompt. Short ones keep requests coming and going where a
// sanitizer makes the model slow.
const words = Number(process.env.SLUICE_LOAD_WORDS ?? 200);

// A small generator of its own, so that a run can be repeated.
function random(seed) {
  return () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

function wish(next) {
  return {
    messages: [{ role: 'user', content: 'word '.repeat(1 + Math.floor(next() * words)) }],
    stream: true,
    max_tokens: 1 + Math.floor(next() * 60),
    temperature: next() < 0.5 ? 0 : 1,
    n: next() < 0.1 ? 2 : 1,
    ignore_eos: true,
  };
}

// One question over a connection of its own. Half of the clients cut it after a
// few pieces, as a closed laptop does.
function oneAnswer(url, next, counts) {
  const stopAfter = next() < 0.5 ? 1 + Math.floor(next() * 20) : Infinity;
  return new Promise((resolve, reject) => {
    const ask = request(`${url}/v1/chat/completions`, { method: 'POST', agent: false });
    ask.on('error', reject);
    ask.on('response', (answer) => {
      let pieces = 0;
      let tail = '';
      answer.on('data', (bytes) => {
        tail = (tail + bytes).slice(-64);
        if (++pieces < stopAfter) return;
        ask.destroy();
        counts.cancelled += 1;
        resolve();
      });
      answer.on('end', () => {
        try {
          if (answer.statusCode === 200) {
            assert.match(tail, /data: \[DONE\]\s*$/);
            counts.finished += 1;
          } else {
            assert.ok([429, 503].includes(answer.statusCode), `${answer.statusCode}: ${tail}`);
            assert.ok(Number(answer.headers['retry-after']) > 0, 'a refusal says when to return');
            counts.refused += 1;
          }
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    ask.end(JSON.stringify(wish(next)));
  });
}

async function gauge(url, name) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((l) => l.startsWith(name + '{') || l.startsWith(name + ' '));
  assert.ok(line, `${name} is exported`);
  return Number(line.split(' ').at(-1));
}

test(`${clients} streaming clients with random cancels for ${seconds} s`, async () => {
  const server = await startServer('examples/chat.yaml', '--listen', '127.0.0.1:0');
  const counts = { finished: 0, cancelled: 0, refused: 0 };
  const end = Date.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const next = random(index + 1);
      while (Date.now() < end) await oneAnswer(server.url, next, counts);
    }),
  );
  console.log(`finished ${counts.finished}, cancelled ${counts.cancelled}, refused ${counts.refused}`);
  assert.ok(counts.finished > clients && counts.cancelled > clients);

  // Cancels still on their way end within a step.
  for (const name of ['vllm:num_requests_running', 'vllm:num_requests_waiting', 'vllm:kv_cache_usage_perc'])
    while ((await gauge(server.url, name)) !== 0) await new Promise((r) => setTimeout(r, 20));

  // The exit code is 0 only if the block books are whole and no sanitizer spoke.
  assert.equal(await server.stop(), 0, server.log());
  assert.doesNotMatch(server.log(), /Sanitizer|runtime error/);
});
