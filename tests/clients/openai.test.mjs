// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The official openai client against a running server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startServer } from './server.mjs';

const question = [{ role: 'user', content: 'How do I show disk usage with du?' }];
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

const ask = (extra) =>
  client.chat.completions.create({ model, messages: question, temperature: 0, max_tokens: 24, ...extra });

test('models are listed', async () => {
  const list = await client.models.list();
  assert.equal(list.object, 'list');
  assert.equal(list.data[0].object, 'model');
});

test('a chat completion has the shape of the API', async () => {
  const answer = await ask();
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.choices.length, 1);
  assert.equal(answer.choices[0].message.role, 'assistant');
  assert.ok(answer.choices[0].message.content.length > 0);
  assert.ok(['stop', 'length'].includes(answer.choices[0].finish_reason));
  assert.equal(
    answer.usage.total_tokens,
    answer.usage.prompt_tokens + answer.usage.completion_tokens,
  );
});

test('a stream says the same as the whole answer and ends with usage', async () => {
  // Longer than one KV block, so that the second request finds a part of it.
  const content = 'How do I show the disk usage of every folder with du, largest first?';
  const messages = [{ role: 'user', content }];
  const whole = await ask({ messages });
  const stream = await ask({
    messages, stream: true, stream_options: { include_usage: true },
  });
  let text = '';
  let finish = null;
  let usage = null;
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    text += chunk.choices[0]?.delta?.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(finish, whole.choices[0].finish_reason);
  assert.ok(usage.prompt_tokens_details.cached_tokens > 0);
  usage.prompt_tokens_details = whole.usage.prompt_tokens_details;
  assert.deepEqual(usage, whole.usage);
});

test('log-probabilities come with alternatives, best first', async () => {
  const answer = await ask({ logprobs: true, top_logprobs: 3, max_tokens: 2 });
  const content = answer.choices[0].logprobs.content;
  assert.equal(content.length, answer.usage.completion_tokens);
  for (const token of content) {
    assert.ok(token.logprob <= 0);
    assert.equal(token.top_logprobs.length, 3);
    assert.ok(token.top_logprobs[0].logprob >= token.top_logprobs[1].logprob);
    assert.equal(token.top_logprobs[0].token, token.token, 'greedy takes the best');
  }
});

test('streamed log-probabilities are those of the whole answer', async () => {
  const options = { logprobs: true, top_logprobs: 1, max_tokens: 6 };
  const whole = await ask(options);
  const tokens = [];
  for await (const chunk of await ask({ ...options, stream: true }))
    tokens.push(...(chunk.choices[0]?.logprobs?.content ?? []));
  assert.deepEqual(tokens, whole.choices[0].logprobs.content);
});

test('n choices differ by sampling and repeat with the same seed', async () => {
  const options = { n: 3, temperature: 1, seed: 7 };
  const first = await ask(options);
  const again = await ask(options);
  assert.deepEqual(first.choices.map((c) => c.index), [0, 1, 2]);
  const texts = first.choices.map((c) => c.message.content);
  assert.deepEqual(again.choices.map((c) => c.message.content), texts);
  assert.ok(new Set(texts).size > 1, 'three samples at temperature 1 are not all equal');
  const other = await ask({ ...options, seed: 8 });
  assert.notDeepEqual(other.choices.map((c) => c.message.content), texts);
});

test('a stop string ends the answer before itself', async () => {
  const whole = (await ask()).choices[0].message.content;
  const stop = whole.slice(4, 7);
  const cut = await ask({ stop });
  assert.equal(cut.choices[0].message.content, whole.slice(0, whole.indexOf(stop)));
  assert.equal(cut.choices[0].finish_reason, 'stop');
});

test('max_tokens and max_completion_tokens bound the answer', async () => {
  const short = await client.chat.completions.create({
    model, messages: question, temperature: 0, max_completion_tokens: 3,
  });
  assert.equal(short.usage.completion_tokens, 3);
  assert.equal(short.choices[0].finish_reason, 'length');
});

test('logit_bias forces a token', async () => {
  const { tokens } = await (
    await fetch(`${server.url}/tokenize`, {
      method: 'POST', body: JSON.stringify({ prompt: ' the', add_special_tokens: false }),
    })
  ).json();
  const answer = await ask({ logit_bias: { [tokens[0]]: 100 }, max_tokens: 3 });
  assert.equal(answer.choices[0].message.content, ' the the the');
});

test('text completions work too, several prompts at once', async () => {
  const answer = await client.completions.create({
    model, prompt: ['Once upon a time', 'The history of'], max_tokens: 8, temperature: 0,
  });
  assert.equal(answer.object, 'text_completion');
  assert.deepEqual(answer.choices.map((c) => c.index), [0, 1]);
  const alone = await client.completions.create({
    model, prompt: 'The history of', max_tokens: 8, temperature: 0,
  });
  assert.equal(alone.choices[0].text, answer.choices[1].text);
});

test('a wrong type is a 400 that names the field', async () => {
  await assert.rejects(ask({ temperature: 'hot' }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'temperature');
    assert.match(error.message, /temperature/);
    return true;
  });
});

test('an unknown model is a 404', async () => {
  await assert.rejects(ask({ model: 'gpt-17' }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
});

test('a prompt beyond the context is a 400 with both lengths', async () => {
  const messages = [{ role: 'user', content: 'word '.repeat(3000) }];
  await assert.rejects(ask({ messages }), (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.code, 'context_length_exceeded');
    assert.match(error.message, /1024/);
    assert.match(error.message, /30\d\d/);
    return true;
  });
});

test('response_format holds the answer to a schema', async () => {
  const schema = {
    type: 'object',
    properties: {
      tool: { enum: ['du', 'df'] },
      flags: { type: 'array', items: { type: 'string', pattern: '^-[a-z]$' }, maxItems: 2 },
    },
    required: ['tool', 'flags'],
    additionalProperties: false,
  };
  const response_format = { type: 'json_schema', json_schema: { name: 'call', schema } };
  for (const extra of [{}, { temperature: 1, seed: 3, ignore_eos: true }]) {
    const answer = await ask({ response_format, max_tokens: 100, ...extra });
    assert.equal(answer.choices[0].finish_reason, 'stop');
    const value = JSON.parse(answer.choices[0].message.content);
    assert.deepEqual(Object.keys(value), ['tool', 'flags']);
    assert.ok(schema.properties.tool.enum.includes(value.tool));
  }
});

test('guided_choice answers with one of the choices, stream and all', async () => {
  const stream = await ask({ guided_choice: ['disk', 'network'], stream: true });
  let text = '';
  let finish;
  for await (const event of stream) {
    text += event.choices[0]?.delta?.content ?? '';
    finish = event.choices[0]?.finish_reason ?? finish;
  }
  assert.ok(['disk', 'network'].includes(text), text);
  assert.equal(finish, 'stop');
});

test('a schema that is not supported is a 400 that names the path', async () => {
  const schema = { type: 'object', properties: { a: { not: {} } } };
  await assert.rejects(
    ask({ response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } }),
    (error) => error.status === 400
      && error.message.includes('response_format.json_schema.schema.properties.a.not'),
  );
});

test('aborting a stream frees its place', async () => {
  const stream = await ask({ stream: true, max_tokens: 900, ignore_eos: true });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content) break; // leaving the loop aborts
  }
  for (;;) {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const running = metrics.match(/^vllm:num_requests_running\S* (\S+)$/m);
    assert.ok(running, 'the gauge is exported');
    if (Number(running[1]) === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('thirty-two chats at once answer as one alone', async () => {
  const alone = (await ask()).choices[0].message.content;
  const answers = await Promise.all(Array.from({ length: 32 }, () => ask()));
  for (const answer of answers) assert.equal(answer.choices[0].message.content, alone);
});
