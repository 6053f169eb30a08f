// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// `sluice schema` is a JSON Schema that accepts the examples and refuses slips.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const read = (file) => parse(readFileSync(file, 'utf8'));

function validator(document) {
  const text = execFileSync(process.env.SLUICE_BIN, ['schema', document], { encoding: 'utf8' });
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  addFormats(ajv);
  return ajv.compile(JSON.parse(text));
}

for (const name of ['chat', 'router', 'pipeline'])
  test(`the schema accepts examples/${name}.yaml`, () => {
    const validate = validator('graph');
    assert.ok(validate(read(`examples/${name}.yaml`)), JSON.stringify(validate.errors));
  });

test('the schema accepts examples/burst.yaml', () => {
  const validate = validator('placement');
  assert.ok(validate(read('examples/burst.yaml')), JSON.stringify(validate.errors));
});

test('the schema accepts examples/nodes.yaml and every example placement', () => {
  const cluster = validator('cluster');
  assert.ok(cluster(read('examples/nodes.yaml')), JSON.stringify(cluster.errors));
  const placement = validator('placement');
  for (const name of readdirSync('examples/placements'))
    assert.ok(placement(read(`examples/placements/${name}`)), name + JSON.stringify(placement.errors));
});

test('the schema refuses an unknown field', () => {
  const graph = read('examples/chat.yaml');
  Object.values(graph.actors)[0].lisen = ':1';
  assert.equal(validator('graph')(graph), false);
});
