// The keys of Semaphore's ceremony: real keys of several parties, without constraints. The broker proves from named inputs,
// and snarkjs verifies with the verifying keys that Semaphore publishes. SEMAPHORE=all selects all 32 depths of the tree.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { buildBabyjub, buildPoseidon } from 'circomlibjs';
import * as snarkjs from 'snarkjs';

import { pinned, start } from './broker.mjs';
import { remove, terminate, workFolder } from './tools.mjs';

const ARTIFACTS = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/@zk-kit/semaphore-artifacts');
const DEPTHS = process.env.SEMAPHORE === 'all' ? Array.from({ length: 32 }, (_, index) => index + 1) : [1, 2, 3, 5, 8, 16, 20, 32];

let folder, broker, poseidon, babyjub;

const artifact = (depth, extension) => join(ARTIFACTS, `semaphore-${depth}.${extension}`);
const path = (name) => join(folder, name);
const json = (name) => JSON.parse(readFileSync(path(name), 'utf8'));

before(async () => {
  folder = workFolder();
  poseidon = await buildPoseidon();
  babyjub = await buildBabyjub();
  const circuit = (depth) =>
    `{ Name: depth-${depth}, ${pinned('Zkey', artifact(depth, 'zkey'))}, ${pinned('Wasm', artifact(depth, 'wasm'))}, ` +
    'Provenance: { Class: ceremony-claimed, Ceremony: "https://semaphore.pse.dev" } }';
  const profile = `{ Curve: bn254, RequireCeremony: claimed, Limits: { Deadline: 10m }, Circuits: [${DEPTHS.map(circuit).join(', ')}] }`;
  broker = await start(folder, `Profiles:\n  - { Name: semaphore, API: { Groth16: ${profile} } }\n`);
});

after(async () => {
  broker?.stop();
  remove(folder);
  await terminate();
});

function succeed(...words) {
  const { code, text } = broker.cli(...words);
  assert.equal(code, 0, text);
  return text;
}

// A member of a tree of this depth: the inputs of the circuit, and its public signals as circomlibjs computes them.
function member(depth) {
  const hash = (...values) => poseidon.F.toObject(poseidon(values));
  const secret = 1234567890123456789012345678901234567890n + BigInt(depth);
  const point = babyjub.mulPointEscalar(babyjub.Base8, secret).map((value) => babyjub.F.toObject(value));
  const siblings = Array.from({ length: depth }, (_, level) => hash(BigInt(level), BigInt(depth)));
  const index = 0b1011_0110n % 2n ** BigInt(depth);
  let root = hash(...point);
  siblings.forEach((sibling, level) => {
    root = (index >> BigInt(level)) & 1n ? hash(sibling, root) : hash(root, sibling);
  });
  const [message, scope] = [77n, 88n];
  const text = (value) => value.toString();
  const inputs = {
    secret: text(secret),
    merkleProofLength: text(depth),
    merkleProofIndex: text(index),
    merkleProofSiblings: siblings.map(text),
    message: text(message),
    scope: text(scope),
  };
  return { inputs, signals: [root, hash(scope, secret), message, scope].map(text) };
}

for (const depth of DEPTHS) {
  test(`depth ${depth}: the broker proves, snarkjs verifies with Semaphore's key`, async () => {
    const names = ['-p', 'semaphore', '--circuit', `depth-${depth}`];
    const { inputs, signals } = member(depth);
    writeFileSync(path('input.json'), JSON.stringify(inputs));
    const prove = ['proof', 'prove', ...names, '--inputs', 'input.json', '--proof-out', 'proof.json', '--public-out', 'public.json', '--json'];
    const first = figures(succeed(...prove));
    const second = figures(succeed(...prove));
    assert.deepEqual(json('public.json'), signals);

    const published = JSON.parse(readFileSync(artifact(depth, 'json'), 'utf8'));
    assert.equal(await snarkjs.groth16.verify(published, signals, json('proof.json')), true);
    assert.equal(await snarkjs.groth16.verify(published, ['1', ...signals.slice(1)], json('proof.json')), false);
    succeed('proof', 'export', ...names, '--format', 'snarkjs', '--out', 'vk.json');
    assert.deepEqual(json('vk.json'), published);
    succeed('proof', 'verify', ...names, '--proof', 'proof.json', '--public', 'public.json');
    const ms = (microseconds) => (microseconds / 1000).toFixed(1);
    const { witness, prove: proving, selfVerify } = second;
    console.log(`depth ${depth}: first load ${ms(first.keyLoad)} ms, witness ${ms(witness)}, prove ${ms(proving)}, verify ${ms(selfVerify)}`);
  });
}

function figures(text) {
  const answer = text.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const found = answer.find((value) => value.figures)?.figures.microseconds;
  assert.ok(found, text);
  return found;
}
