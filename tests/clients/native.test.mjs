// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// llama.cpp's routes beside what llama.cpp's own server answered to the same
// requests with the same file (tests/data/llama_server).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startServer } from './server.mjs';

const recorded = (name) =>
  JSON.parse(readFileSync(`tests/data/llama_server/${name}.json`, 'utf8'));
const story = { prompt: 'The first president of the United States was', n_predict: 4, temperature: 0, ignore_eos: true };
let server;

before(async () => {
  server = await startServer('examples/chat.yaml', '--listen', '127.0.0.1:0');
});

after(async () => {
  assert.equal(await server.stop(), 0, 'SIGTERM drains and ends with 0');
});

const post = (body, path = '/completion') =>
  fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) });
const ask = async (extra) => (await post({ ...story, ...extra })).json();
const get = async (path) => (await fetch(server.url + path)).json();

async function stream(extra) {
  const text = await (await post({ ...story, stream: true, ...extra })).text();
  assert.ok(!text.includes('[DONE]'));
  return text.split('\n\n').filter(Boolean).map((event) => {
    assert.ok(event.startsWith('data: '));
    return JSON.parse(event.slice(6));
  });
}

const kind = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

// Every field of theirs is there with the same type, but for `missing`.
function sameFields(ours, theirs, missing = [], path = '') {
  for (const [name, value] of Object.entries(theirs)) {
    const at = path + name;
    if (missing.includes(at)) {
      assert.ok(!(name in ours), `${at} is said to be missing`);
      continue;
    }
    assert.ok(name in ours, `${at} is missing`);
    assert.equal(kind(ours[name]), kind(value), at);
    if (kind(value) === 'object') sameFields(ours[name], value, missing, `${at}.`);
    if (kind(value) === 'array' && kind(value[0]) === 'object' && ours[name].length > 0)
      sameFields(ours[name][0], value[0], missing, `${at}[].`);
  }
  for (const name of Object.keys(ours)) assert.ok(name in theirs, `${path}${name} is ours alone`);
}

test('a whole answer has the fields, the text and the ids of llama.cpp', async () => {
  const theirs = recorded('completion');
  const ours = await ask({
    n_probs: 2, return_tokens: true, stop: ['zzz'], logit_bias: [[5, -1.5]], seed: 7,
  });
  sameFields(ours, theirs);
  for (const name of ['content', 'tokens', 'tokens_predicted', 'tokens_evaluated', 'prompt',
    'stop', 'stop_type', 'stopping_word', 'tokens_cached', 'truncated', 'has_new_line', 'index'])
    assert.deepEqual(ours[name], theirs[name], name);
  ours.completion_probabilities.forEach((token, i) => {
    const other = theirs.completion_probabilities[i];
    assert.equal(token.id, other.id);
    assert.deepEqual(token.bytes, other.bytes);
    assert.ok(Math.abs(token.logprob - other.logprob) < 0.05, `${token.logprob}`);
    assert.deepEqual(token.top_logprobs.map((t) => t.id), other.top_logprobs.map((t) => t.id));
  });
  for (const name of ['seed', 'temperature', 'top_k', 'n_predict', 'max_tokens', 'stop',
    'ignore_eos', 'stream', 'n_probs', 'repeat_penalty'])
    assert.deepEqual(ours.generation_settings[name], theirs.generation_settings[name], name);
});

test('a stream has the chunks of llama.cpp', async () => {
  const theirs = recorded('stream');
  const ours = await stream({ n_probs: 1 });
  assert.equal(ours.length, theirs.length);
  ours.forEach((event, i) => {
    sameFields(event, theirs[i]);
    for (const name of ['content', 'tokens', 'stop', 'tokens_predicted', 'tokens_evaluated'])
      assert.deepEqual(event[name], theirs[i][name], `${name} of event ${i}`);
  });
  const whole = await ask();
  assert.equal(ours.map((event) => event.content).join(''), whole.content);
});

test('the pages have the fields of llama.cpp', async () => {
  sameFields(await get('/props'), recorded('props'), ['model_ftype', 'media_marker',
    'chat_template_caps', 'ui_settings', 'cors_proxy_enabled']);
  const reader = (await post({ ...story, n_predict: 900, stream: true })).body.getReader();
  await reader.read();
  const theirs = recorded('slots');
  const slots = await get('/slots');
  assert.ok(slots[0].is_processing);
  assert.ok(slots[0].next_token[0].n_decoded > 0);
  assert.equal(slots[0].n_prompt_tokens_cache + slots[0].n_prompt_tokens_processed,
    slots[0].n_prompt_tokens);
  sameFields(slots[0], theirs.find((slot) => slot.is_processing));
  assert.deepEqual(slots.map((slot) => slot.id), slots.map((_, i) => i));
  assert.equal(slots.length, (await get('/props')).total_slots);
  await reader.cancel();
  while ((await get('/slots'))[0].is_processing);
});

test('stop strings and the end are told apart', async () => {
  const word = await ask({ n_predict: 12, stop: ['e '] });
  assert.equal(word.stop_type, 'word');
  assert.equal(word.stopping_word, 'e ');
  assert.ok(!word.content.includes('e '));
  assert.equal((await ask()).stop_type, 'limit');
  const end = await ask({ grammar: 'root ::= "ab"', n_predict: -1 });
  assert.equal(end.content, 'ab');
  assert.equal(end.stop_type, 'eos');
  const chunks = await stream({ n_predict: 12, stop: ['e '] });
  assert.equal(chunks.at(-1).stopping_word, 'e ');
});

test('prompts of ids, mixtures and lists', async () => {
  const { tokens } = await (await post({ prompt: story.prompt, add_special_tokens: true }, '/tokenize')).json();
  const text = await ask();
  const ids = await ask({ prompt: tokens });
  assert.equal(ids.content, text.content);
  assert.equal(ids.prompt, text.prompt);
  const mixed = await ask({ prompt: [1, 'Once upon', 5] });
  assert.equal(mixed.prompt, '<|eos|>Once upon<|assistant|>');
  assert.equal(mixed.tokens_evaluated, 5);
  const list = await ask({ prompt: [story.prompt, 'The history'] });
  assert.deepEqual(list.map((one) => one.prompt), [story.prompt, 'The history']);
  assert.equal(list[0].content, text.content);
});

test('a banned word is not said, a favoured one is', async () => {
  const plain = await ask();
  const banned = await ask({ logit_bias: [[' the', false]] });
  assert.ok(plain.content.startsWith(' the '));
  assert.ok(!banned.content.startsWith(' the '));
  assert.deepEqual(banned.generation_settings.logit_bias, [{ bias: null, token: 267 }]);
  const forced = await ask({ logit_bias: { ' the': 100 }, n_predict: 2 });
  assert.equal(forced.content, ' the the');
});

test('a schema and a cache-filling call', async () => {
  const number = await ask({ json_schema: { type: 'integer' }, n_predict: 8, ignore_eos: false });
  assert.match(number.content, /^-?\d+/);
  const none = await ask({ n_predict: 0 });
  assert.equal(none.content, '');
  assert.equal(none.tokens_predicted, 0);
});

test('what would change the answer is refused by name', async () => {
  for (const extra of [{ mirostat: 2 }, { typical_p: 0.5 }, { dry_multiplier: 0.8 }]) {
    const answer = await post({ ...story, ...extra });
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).error.param, Object.keys(extra)[0]);
  }
});
