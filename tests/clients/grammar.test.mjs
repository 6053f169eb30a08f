// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What grammars made of JSON Schemas allow, judged by a validator that is not
// ours: every generated document is valid, and no invalid one is allowed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const folder = 'tests/data/schemas';
const names = readdirSync(folder).sort();

function validator(name) {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats(ajv);
  return ajv.compile(readSchema(name));
}

const readSchema = (name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
const validators = new Map(names.map((name) => [name, validator(name)]));

function corpus(args, input = '') {
  const text = execFileSync(process.env.SCHEMA_CORPUS, args, {
    encoding: 'utf8', input, maxBuffer: 1 << 28,
  });
  return text.trimEnd().split('\n');
}

// Every line's document is valid; returns the documents that came to their end.
function judge(lines) {
  const whole = [];
  for (const line of lines) {
    const { schema, text, whole: ended } = JSON.parse(line);
    if (!ended) continue;
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      assert.fail(`${schema}: ${text} is not JSON: ${error.message}`);
    }
    const validate = validators.get(schema);
    assert.ok(validate(value), `${schema}: ${text}: ${JSON.stringify(validate.errors)}`);
    whole.push({ schema, value });
  }
  return whole;
}

// A small generator of numbers, the same in each run.
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const others = [null, true, false, 0, -1, 7, 1.5, 1e9, '', 'x', 'abc', '12', '2024-02-30',
  'é😀', '"\\', [], [1], ['a', 'b'], {}, { a: 1 }];

// One change somewhere in the value.
function mutate(value, dice) {
  if (dice(4) === 0 || value === null || typeof value !== 'object')
    return typeof value === 'number' && dice(2) ? value + dice(5) - 2
      : typeof value === 'string' && dice(2) ? mutateText(value, dice)
        : structuredClone(others[dice(others.length)]);
  const copy = structuredClone(value);
  const keys = Object.keys(copy);
  const action = dice(4);
  if (Array.isArray(copy)) {
    if (action === 0) copy.push(structuredClone(others[dice(others.length)]));
    else if (action === 1) copy.pop();
    else if (copy.length) {
      const at = dice(copy.length);
      copy[at] = mutate(copy[at], dice);
    }
    return copy;
  }
  if (action === 0 && keys.length) delete copy[keys[dice(keys.length)]];
  else if (action === 1) copy[`extra${dice(9)}`] = structuredClone(others[dice(others.length)]);
  else if (keys.length) {
    const key = keys[dice(keys.length)];
    copy[key] = mutate(copy[key], dice);
  }
  return copy;
}

function mutateText(text, dice) {
  const at = dice(text.length + 1);
  return [text.slice(0, at) + text.slice(at + 1), text.slice(0, at) + 'q' + text.slice(at),
    text.slice(0, at) + '"' + text.slice(at), text + text, text.slice(0, at)][dice(5)];
}

let documents = [];

test('every random document is valid', () => {
  assert.ok(names.length >= 60);
  documents = judge(corpus(['generate', '20']));
  assert.ok(documents.length >= names.length * 20 * 0.97, `${documents.length} documents ended`);
});

test('every document that a model writes is valid', () => {
  const whole = judge(corpus(['sample', '1']));
  assert.ok(whole.length >= names.length * 0.5, `${whole.length} documents ended`);
});

// Where the grammar is meant to allow less than the schema: members that are
// not declared, members of a merge, and the subsets taken of some formats.
const narrower = new Set(['all_of_objects.json', 'all_of_reference.json', 'network.json']);

// More digits than the grammar lets a number have.
const largeNumber = /[0-9]{16}|e[+-][0-9]{3}/;

test('the grammar agrees with the validator on changed documents', () => {
  const dice = random(1);
  const asked = documents.flatMap(({ schema, value }) =>
    [0, 1, 2].map(() => {
      let changed = mutate(value, dice);
      if (dice(3) === 0) changed = mutate(changed, dice);
      return { schema, value: changed, text: JSON.stringify(changed) };
    }));
  const answers = corpus(['check'], asked.map(({ schema, text }) =>
    JSON.stringify({ schema, text })).join('\n'));
  assert.equal(answers.length, asked.length);
  const seen = { invalid: 0, valid: 0, allowed: 0 };
  const wrong = [];
  asked.forEach(({ schema, value, text }, index) => {
    const allowed = answers[index] === '1';
    if (!validators.get(schema)(value)) {
      ++seen.invalid;
      if (allowed) wrong.push(`${schema}: ${text} is invalid but allowed`);
    } else {
      ++seen.valid;
      seen.allowed += allowed;
      if (!allowed && !narrower.has(schema) && !largeNumber.test(text))
        wrong.push(`${schema}: ${text} is valid but not allowed`);
    }
  });
  console.log(`# ${seen.invalid} invalid ones refused; of ${seen.valid} valid ones ${seen.allowed} allowed`);
  assert.deepEqual(wrong.slice(0, 30), []);
  assert.ok(seen.invalid > 1000 && seen.valid > 300);
});
