// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The official openai client's Responses API against a running server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startServer } from './server.mjs';

const input = 'How do I show disk usage with du?';
const weather = {
  type: 'function',
  name: 'weather',
  description: 'The weather of a city',
  strict: true,
  parameters: {
    type: 'object',
    properties: { city: { enum: ['Rome', 'Oslo'] } },
    required: ['city'],
    additionalProperties: false,
  },
};
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

const plain = { temperature: 0, max_output_tokens: 24 };
const ask = (extra) => client.responses.create({ model, input, ...plain, ...extra });

test('a response says what a chat completion says', async () => {
  const answer = await ask();
  const chat = await client.chat.completions.create({
    model, temperature: 0, max_tokens: 24, messages: [{ role: 'user', content: input }],
  });
  assert.equal(answer.object, 'response');
  assert.match(answer.id, /^resp_/);
  assert.equal(answer.output_text, chat.choices[0].message.content);
  assert.equal(answer.usage.input_tokens, chat.usage.prompt_tokens);
  assert.equal(answer.usage.output_tokens, chat.usage.completion_tokens);
  assert.equal(answer.error, null);
  assert.equal(answer.store, false);
  const cut = chat.choices[0].finish_reason === 'length';
  assert.equal(answer.status, cut ? 'incomplete' : 'completed');
});

test('instructions are the system message', async () => {
  const answer = await ask({ instructions: 'Be brief.' });
  const chat = await client.chat.completions.create({
    model, temperature: 0, max_tokens: 24,
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: input }],
  });
  assert.equal(answer.output_text, chat.choices[0].message.content);
  assert.equal(answer.instructions, 'Be brief.');
});

test('an answer that is cut off is incomplete', async () => {
  const answer = await ask({ max_output_tokens: 3 });
  assert.equal(answer.status, 'incomplete');
  assert.deepEqual(answer.incomplete_details, { reason: 'max_output_tokens' });
  assert.equal(answer.usage.output_tokens, 3);
});

test('a stream builds the same response, event by event', async () => {
  const whole = await ask();
  let number = 0;
  let text = '';
  let last;
  for await (const event of await ask({ stream: true })) {
    assert.equal(event.sequence_number, number++);
    if (event.type === 'response.output_text.delta') text += event.delta;
    last = event;
  }
  assert.equal(last.type, `response.${whole.status}`);
  assert.equal(text, whole.output_text);
  const withoutIds = (output) => output.map((item) => ({ ...item, id: 'x' }));
  assert.deepEqual(withoutIds(last.response.output), withoutIds(whole.output));
});

test("the client's accumulated response is the whole one", async () => {
  const whole = await ask();
  const stream = client.responses.stream({ model, input, ...plain });
  let deltas = 0;
  stream.on('response.output_text.delta', () => (deltas += 1));
  const final = await stream.finalResponse();
  assert.equal(final.output_text, whole.output_text);
  assert.equal(final.status, whole.status);
  assert.ok(deltas > 1);
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
});

test('cached tokens are told', async () => {
  const long = { input: 'How do I show the disk usage of every folder with du, largest first?' };
  await ask(long);
  assert.ok((await ask(long)).usage.input_tokens_details.cached_tokens > 0);
});

test('a tool that must be called is called, whole and streamed', async () => {
  const tools = [weather];
  const tool_choice = { type: 'function', name: 'weather' };
  const extra = { tools, tool_choice, max_output_tokens: 100 };
  const whole = await ask(extra);
  assert.equal(whole.status, 'completed');
  assert.equal(whole.output.length, 1);
  const [call] = whole.output;
  assert.equal(call.type, 'function_call');
  assert.equal(call.name, 'weather');
  assert.ok(weather.parameters.properties.city.enum.includes(JSON.parse(call.arguments).city));
  assert.deepEqual(whole.tools, tools);

  const stream = client.responses.stream({ model, input, ...plain, ...extra });
  let pieces = '';
  let done;
  stream.on('response.function_call_arguments.delta', (event) => (pieces += event.delta));
  stream.on('response.function_call_arguments.done', (event) => (done = event.arguments));
  const final = await stream.finalResponse();
  assert.equal(pieces, call.arguments);
  assert.equal(done, call.arguments);
  assert.equal(final.output[0].arguments, call.arguments);
  assert.deepEqual(final.output[0].parsed_arguments, JSON.parse(call.arguments));
});

test("a call's output goes back with the items of the answer", async () => {
  const first = await ask({
    tools: [weather], tool_choice: 'required', parallel_tool_calls: false, max_output_tokens: 100,
  });
  const [call] = first.output;
  const items = [
    { role: 'user', content: input },
    ...first.output,
    { type: 'function_call_output', call_id: call.call_id, output: 'sunny' },
  ];
  const second = await ask({ input: items, tools: [weather] });
  assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  const third = await ask({ input: [...items, ...second.output, { role: 'user', content: 'Thanks' }] });
  assert.ok(third.output.length > 0);
});

test('text.format holds the answer to a schema', async () => {
  const schema = {
    type: 'object',
    properties: { tool: { enum: ['du', 'df'] } },
    required: ['tool'],
    additionalProperties: false,
  };
  const answer = await client.responses.parse({
    model, input, ...plain, max_output_tokens: 60,
    text: { format: { type: 'json_schema', name: 'call', schema, strict: true } },
  });
  assert.equal(answer.status, 'completed');
  assert.ok(schema.properties.tool.enum.includes(JSON.parse(answer.output_text).tool));
});

test('log-probabilities come when they are asked for', async () => {
  const answer = await ask({
    include: ['message.output_text.logprobs'], top_logprobs: 2, max_output_tokens: 3,
  });
  const [part] = answer.output[0].content;
  assert.equal(part.logprobs.map((one) => one.token).join(''), part.text);
  assert.ok(part.logprobs.every((one) => one.top_logprobs.length === 2));
  assert.deepEqual((await ask()).output[0].content[0].logprobs, []);
});

test('what is not kept or not there is refused by name', async () => {
  for (const [param, extra] of [
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['background', { background: true }],
    ['tools[0].type', { tools: [{ type: 'web_search' }] }],
    ['input[0].type', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
  ])
    await assert.rejects(ask(extra), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, param);
      return true;
    });
  await assert.rejects(client.responses.retrieve('resp_1'), OpenAI.NotFoundError);
});
