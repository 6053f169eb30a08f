// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Load of a chat server that speaks OpenAI's API, ours or another one's:
//   node tests/perf/serving.mjs URL [CLIENTS] [SECONDS] [MAX_TOKENS]
// Each client asks again as soon as its answer has ended. Prints answers, tokens
// per second, and the time to the first token (median, 95th percentile).
import { request } from 'node:http';

const [url, clients = 100, seconds = 10, maxTokens = 64] = process.argv.slice(2);
if (!url) {
  console.error('usage: node tests/perf/serving.mjs URL [CLIENTS] [SECONDS] [MAX_TOKENS]');
  process.exit(2);
}


const firsts = [];
let answers = 0;
let tokens = 0;
let refused = 0;

function ask(index) {
  const body = {
    messages: [{ role: 'user', content: `Tell me about the number ${index} and the history of it.` }],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: Number(maxTokens),
    temperature: 0,
    ignore_eos: true,
  };
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const out = request(`${url}/v1/chat/completions`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
    });
    out.on('error', reject);
    out.on('response', (answer) => {
      let first = 0;
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        if (!first && /"content":"[^"]/.test(piece)) first = performance.now() - start;
        text = (text + piece).slice(-2048);
      });
      answer.on('end', () => {
        const usage = text.match(/"completion_tokens":(\d+)/);
        if (answer.statusCode !== 200 || !usage) refused += 1;
        else {
          answers += 1;
          tokens += Number(usage[1]);
          firsts.push(first);
        }
        resolve();
      });
    });
    out.end(JSON.stringify(body));
  });
}

const start = performance.now();
await Promise.all(
  Array.from({ length: Number(clients) }, async (_, index) => {
    for (let round = 0; performance.now() - start < seconds * 1000; ++round)
      await ask(index * 1000 + round);
  }),
);
const elapsed = (performance.now() - start) / 1000;
firsts.sort((a, b) => a - b);
const at = (share) => firsts[Math.min(firsts.length - 1, Math.floor(share * firsts.length))];
console.log(JSON.stringify({
  clients: Number(clients), answers, refused,
  tokens_per_s: Math.round(tokens / elapsed),
  ttft_ms: { median: Math.round(at(0.5)), p95: Math.round(at(0.95)) },
}));
