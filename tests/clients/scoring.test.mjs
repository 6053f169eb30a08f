// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Embeddings and scores of prompts with the official openai client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startServer } from './server.mjs';

let server;
let client;
let model;

before(async () => {
  server = await startServer('examples/chat.yaml', '--listen', '127.0.0.1:0');
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  model = (await client.models.list()).data[0].id;
});

after(async () => {
  assert.equal(await server.stop(), 0, 'SIGTERM drains and ends with 0');
});

const product = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

test('embeddings are the same as base64, which the client asks for, and as numbers', async () => {
  const input = ['How do I show disk usage with du?', 'Once upon a time'];
  const packed = await client.embeddings.create({ model, input });
  const plain = await client.embeddings.create({ model, input, encoding_format: 'float' });
  assert.equal(packed.object, 'list');
  assert.equal(packed.data.length, 2);
  for (let i = 0; i < 2; ++i) {
    assert.equal(packed.data[i].index, i);
    assert.equal(packed.data[i].object, 'embedding');
    assert.deepEqual(
      Array.from(packed.data[i].embedding),
      Array.from(plain.data[i].embedding, Math.fround),
    );
    assert.ok(Math.abs(product(plain.data[i].embedding, plain.data[i].embedding) - 1) < 1e-6);
  }
  assert.ok(plain.usage.prompt_tokens > 0);
  assert.equal(plain.usage.total_tokens, plain.usage.prompt_tokens);
});

test('texts that are alike are nearer than others', async () => {
  const { data } = await client.embeddings.create({
    model,
    input: [
      'How do I show disk usage with du?',
      'How can I show the disk usage of a folder?',
      'The king lived in a castle with his three daughters.',
    ],
  });
  const [du, folder, king] = data.map((one) => one.embedding);
  assert.ok(product(du, folder) > product(du, king));
});

test('fewer dimensions are the first ones at length 1', async () => {
  const input = 'Once upon a time';
  const whole = (await client.embeddings.create({ model, input })).data[0].embedding;
  const few = (await client.embeddings.create({ model, input, dimensions: 16 })).data[0].embedding;
  assert.equal(few.length, 16);
  const front = Array.from(whole).slice(0, 16);
  const length = Math.sqrt(product(front, front));
  few.forEach((x, i) => assert.ok(Math.abs(x - front[i] / length) < 1e-6));
});

test('a list longer than the queue is answered', async () => {
  const input = Array.from({ length: 600 }, (_, i) => `line ${i}`);
  const { data } = await client.embeddings.create({ model, input });
  assert.equal(data.length, 600);
  const [alone] = (await client.embeddings.create({ model, input: input[599] })).data;
  assert.deepEqual(Array.from(data[599].embedding), Array.from(alone.embedding));
});

test('wrong embedding requests are told so', async () => {
  const refused = (body) =>
    assert.rejects(client.embeddings.create({ model, ...body }), { status: 400 });
  await refused({ input: '' });
  await refused({ input: [] });
  await refused({ input: 'a', dimensions: 1e5 });
  await refused({ input: Array(2049).fill('a') });
  await refused({ input: 'word '.repeat(5000) });
  await assert.rejects(client.embeddings.create({ model: 'unknown', input: 'a' }), { status: 404 });
});

// What lm-eval asks for: ids, one token that it ignores, the prompt's scores.
test('a completion scores its prompt as evaluation harnesses ask', async () => {
  const { tokens } = await (
    await fetch(`${server.url}/tokenize`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'List the files in a folder with ls.' }),
    })
  ).json();
  const ask = (extra) =>
    client.completions.create({ model, temperature: 0, logprobs: 1, echo: true, ...extra });
  const harness = await ask({ prompt: [tokens], max_tokens: 1, seed: 1234 });
  const { token_logprobs: scores, top_logprobs: top, tokens: texts } = harness.choices[0].logprobs;
  assert.equal(scores.length, tokens.length + 1);
  assert.equal(scores[0], null);
  for (let i = 1; i < tokens.length; ++i) {
    assert.ok(scores[i] <= 0);
    const [best] = Object.values(top[i]);
    assert.ok(best >= scores[i]);
    if (texts[i] in top[i]) assert.equal(top[i][texts[i]], scores[i]);
  }
  const alone = await ask({ prompt: tokens, max_tokens: 0 });
  assert.equal(alone.usage.completion_tokens, 0);
  assert.deepEqual(alone.choices[0].logprobs.token_logprobs, scores.slice(0, -1));
});

test('a stream opens with the scored echo', async () => {
  const prompt = 'Once upon a time';
  const body = { model, prompt, temperature: 0, max_tokens: 8, logprobs: 2, echo: true };
  const whole = await client.completions.create(body);
  const seen = { text: '', token_logprobs: [], text_offset: [] };
  for await (const { choices } of await client.completions.create({ ...body, stream: true })) {
    seen.text += choices[0]?.text ?? '';
    seen.token_logprobs.push(...(choices[0]?.logprobs?.token_logprobs ?? []));
    seen.text_offset.push(...(choices[0]?.logprobs?.text_offset ?? []));
  }
  assert.ok(seen.text.startsWith(prompt));
  assert.equal(seen.text, whole.choices[0].text);
  assert.deepEqual(seen.token_logprobs, whole.choices[0].logprobs.token_logprobs);
  assert.deepEqual(seen.text_offset, whole.choices[0].logprobs.text_offset);
});

test('chats have prompt_logprobs as vLLM writes them', async () => {
  const answer = await client.chat.completions.create({
    model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 2, prompt_logprobs: 1,
  });
  const list = answer.prompt_logprobs;
  assert.equal(list.length, answer.usage.prompt_tokens);
  assert.equal(list[0], null);
  for (const one of list.slice(1))
    for (const entry of Object.values(one))
      assert.deepEqual(Object.keys(entry), ['logprob', 'rank', 'decoded_token']);
});
