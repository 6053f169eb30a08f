// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tool calls of a running model, asked for and put together by the official
// openai client, in each of the conventions that models learn. The bundled model
// knows no tools: what it is forced to write must be right all the same, and is
// judged by a validator that is not ours.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Ajv from 'ajv';
import OpenAI from 'openai';
import { startServer } from './server.mjs';

const conventions = {
  hermes: { file: 'Qwen-Qwen2.5-7B-Instruct', parallel: true },
  llama3: { file: 'meta-llama-Llama-3.1-8B-Instruct', parallel: false },
  mistral: { file: 'mistralai-Mistral-Nemo-Instruct-2407', parallel: true },
};

const graph = (file) => `graph: tools
models:
  edge:
    path: ${resolve('examples/models/edge-q8_0.gguf')}
    chat_template: ${resolve(`tests/data/templates/${file}.jinja`)}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
`;

// Small: Llama's template shows them one key per line, and the model's context
// of 1024 tokens must hold that and the answer.
const weather = {
  type: 'object',
  properties: { city: { type: 'string', maxLength: 12 }, days: { enum: [1, 7] } },
  required: ['city'],
  additionalProperties: false,
};
const search = {
  type: 'object',
  properties: { words: { type: 'array', items: { type: 'string', pattern: '^[a-z]{1,6}$' }, maxItems: 2 } },
  required: ['words'],
  additionalProperties: false,
};
const schemas = { weather, search };
const tools = Object.entries(schemas).map(([name, parameters]) =>
  ({ type: 'function', function: { name, parameters } }));
const validators = new Map(Object.entries(schemas).map(([name, schema]) =>
  [name, new Ajv().compile(schema)]));

const messages = [{ role: 'user', content: 'Is it warm in Oslo? Search for it.' }];
const seeds = [1, 2, 3, 4, 5, 6];

function checkCalls(calls) {
  for (const one of calls) {
    assert.equal(one.type, 'function');
    assert.ok(one.id);
    const validate = validators.get(one.function.name);
    assert.ok(validate, `there is no tool '${one.function.name}'`);
    assert.ok(validate(JSON.parse(one.function.arguments)),
      `${one.function.arguments}: ${JSON.stringify(validate.errors)}`);
  }
  assert.equal(new Set(calls.map((one) => one.id)).size, calls.length, 'ids differ');
}

/** The calls of an answer that has calls and nothing else. */
function callsOf(answer) {
  const { message, finish_reason: finish } = answer.choices[0];
  assert.equal(finish, 'tool_calls');
  assert.ok(!message.content, message.content);
  checkCalls(message.tool_calls);
  return message.tool_calls;
}

const said = (calls) => calls.map((one) => one.function);

for (const [name, { file, parallel }] of Object.entries(conventions))
  describe(`${name} (${file})`, () => {
    let folder;
    let server;
    let client;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-tools-'));
      writeFileSync(join(folder, 'tools.yaml'), graph(file));
      server = await startServer(join(folder, 'tools.yaml'));
      client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    });

    after(async () => {
      assert.equal(await server.stop(), 0, server.log());
      rmSync(folder, { recursive: true });
    });

    const body = (extra) =>
      ({ model: 'edge', messages, tools, temperature: 1, max_tokens: 600, ...extra });
    const ask = (extra) => client.chat.completions.create(body(extra));

    test('required: the answer is calls whose arguments fit the schema', async () => {
      const names = new Set();
      for (const seed of seeds)
        for (const one of callsOf(await ask({ tool_choice: 'required', seed })))
          names.add(one.function.name);
      assert.ok(names.size > 0);
    });

    test('named: the answer is one call of that tool', async () => {
      for (const wanted of Object.keys(schemas)) {
        const tool_choice = { type: 'function', function: { name: wanted } };
        const calls = callsOf(await ask({ tool_choice, seed: 7 }));
        assert.deepEqual(calls.map((one) => one.function.name), [wanted]);
      }
    });

    test('none: no tool is shown and none is called', async () => {
      const short = { max_tokens: 8, temperature: 0 };
      const answer = await ask({ tool_choice: 'none', ...short });
      const plain = await ask({ tools: undefined, ...short });
      assert.equal(answer.choices[0].message.tool_calls, undefined);
      assert.equal(answer.choices[0].message.content, plain.choices[0].message.content);
      assert.equal(answer.usage.prompt_tokens, plain.usage.prompt_tokens);
    });

    test('auto: tools are shown, and text stays text', async () => {
      const answer = await ask({ tool_choice: 'auto', max_tokens: 8, temperature: 0 });
      const plain = await ask({ tools: undefined, max_tokens: 8, temperature: 0 });
      assert.ok(answer.usage.prompt_tokens > plain.usage.prompt_tokens);
      const { message, finish_reason: finish } = answer.choices[0];
      assert.equal(finish === 'tool_calls', Boolean(message.tool_calls));
      assert.ok(message.tool_calls || message.content.length > 0);
    });

    test('parallel calls come in one answer unless switched off', async () => {
      // Hot, so that another call is as likely as the end.
      let most = 0;
      for (const seed of [...seeds, ...seeds.map((one) => one + 100)]) {
        const asked = { tool_choice: 'required', seed, temperature: 2, max_tokens: 900 };
        most = Math.max(most, callsOf(await ask(asked)).length);
        const one = await ask({ ...asked, parallel_tool_calls: false });
        assert.equal(callsOf(one).length, 1);
      }
      assert.equal(most > 1, parallel, `${most} calls in one answer`);
    });

    test('a stream adds up to the whole answer', async () => {
      for (const seed of seeds.slice(0, 3)) {
        const asked = { tool_choice: 'required', seed };
        const whole = callsOf(await ask(asked));
        let pieces = 0;
        const stream = client.chat.completions.stream(body(asked));
        stream.on('tool_calls.function.arguments.delta', () => (pieces += 1));
        const streamed = callsOf(await stream.finalChatCompletion());
        assert.deepEqual(said(streamed), said(whole));
        assert.ok(pieces > whole.length, 'arguments come as they are written');
      }
    });

    test('calls and their results can be handed back', async () => {
      const tool_choice = { type: 'function', function: { name: 'weather' } };
      const call = (await ask({ tool_choice, seed: 1 })).choices[0].message;
      const result = { role: 'tool', tool_call_id: call.tool_calls[0].id, content: '{"warm": false}' };
      const answer = await ask({ messages: [...messages, call, result], max_tokens: 8 });
      assert.ok(answer.usage.prompt_tokens > 0);
    });

    test('a wrong schema is a 400 that names the path', async () => {
      const parameters = { type: 'object', properties: { a: { type: 'strin' } } };
      const wrong = [{ type: 'function', function: { name: 'f', parameters } }];
      await assert.rejects(ask({ tools: wrong, tool_choice: 'required' }), (error) =>
        error instanceof OpenAI.BadRequestError && /properties\.a\.type/.test(error.message));
    });
  });
