// The broker beside snarkjs: each verifies the other's proofs, and the exported contracts are executed.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as snarkjs from 'snarkjs';

import { pinned, start } from './broker.mjs';
import { calldata, deploy } from './contract.mjs';
import { R, compile, powersOfTau, remove, terminate, workFolder, zkey } from './tools.mjs';

const INPUTS = {
  multiply: { a: '3', b: '11' },
  cube_root: { x: '3' },
  payment: {
    minAmount: 100, recipient: 'text:shop', maxAge: 60, currentTime: 1000, context: 'text:order 7',
    amount: 120, sender: 'text:alice', transaction: 'text:tx-1', paymentTime: 970, secret: '12345', salt: '99',
  },
};
const CIRCOM = { multiply: { a: 3, b: 11 }, arrays: { k: 5, m: [[1, 2, 3], [4, 5, 6]] }, private: { a: 5 } };

let folder, broker;
const operators = {};

const path = (name) => join(folder, name);
const json = (name) => JSON.parse(readFileSync(path(name), 'utf8'));

const cli = (...words) => broker.cli(...words);

function succeed(...words) {
  const { code, text } = cli(...words);
  assert.equal(code, 0, text);
}

// Proves with the broker and returns the proof, the public signals and the verifying key in snarkjs' JSON.
function prove(profile, circuit, inputs) {
  writeFileSync(path('input.json'), JSON.stringify(inputs));
  const names = ['-p', profile, '--circuit', circuit];
  succeed('proof', 'prove', ...names, '--inputs', 'input.json', '--proof-out', 'proof.json', '--public-out', 'public.json');
  succeed('proof', 'export', ...names, '--format', 'snarkjs', '--out', 'vk.json');
  return { proof: json('proof.json'), inputs: json('public.json'), key: json('vk.json') };
}

before(async () => {
  folder = workFolder();
  const ptau = await powersOfTau(folder, 4);
  let profiles = 'Profiles:\n  - { Name: own, API: { Groth16: { Curve: bn254, Setup: on-first-use, Circuits: [multiply, cube_root, payment] } } }\n';
  for (const name of Object.keys(CIRCOM)) {
    const files = compile(folder, name);
    const key = await zkey(folder, files.r1cs, ptau, name);
    operators[name] = { ...files, key };
    const entries = [pinned('Zkey', key), pinned('R1cs', files.r1cs), pinned('Wasm', files.wasm), pinned('Sym', files.sym)];
    profiles += `  - { Name: ${name}, API: { Groth16: { Curve: bn254, Circuits: [{ Name: circuit, ${entries.join(', ')} }] } } }\n`;
  }
  broker = await start(folder, profiles);
});

after(async () => {
  broker?.stop();
  remove(folder);
  await terminate();
});

test('proofs of built-in circuits verify in snarkjs with the exported key', async () => {
  for (const [circuit, values] of Object.entries(INPUTS)) {
    const { proof, inputs, key } = prove('own', circuit, values);
    assert.equal(await snarkjs.groth16.verify(key, inputs, proof), true, circuit);
    assert.equal(await snarkjs.groth16.verify(key, inputs.with(0, '7'), proof), false, circuit);
  }
});

test('proofs of circom circuits by both verify in both', async () => {
  for (const [name, values] of Object.entries(CIRCOM)) {
    const { key: file, wasm } = operators[name];
    const theirs = await snarkjs.groth16.fullProve(values, wasm, file);
    const ours = prove(name, 'circuit', values);
    assert.deepEqual(ours.inputs, theirs.publicSignals, name);
    assert.deepEqual(ours.key, await snarkjs.zKey.exportVerificationKey(file), name);
    assert.equal(await snarkjs.groth16.verify(ours.key, ours.inputs, ours.proof), true, name);
    writeFileSync(path('theirs.json'), JSON.stringify(theirs.proof));
    const verify = (proof) => cli('proof', 'verify', '-p', name, '--circuit', 'circuit', '--proof', proof, '--public', 'public.json');
    assert.equal(verify('theirs.json').code, 0, name);
    assert.equal(verify('proof.json').code, 0, name);
    if (ours.inputs.length === 0) continue;
    writeFileSync(path('public.json'), JSON.stringify(ours.inputs.with(0, '7')));
    assert.equal(verify('theirs.json').code, 4, name);
  }
});

test('a witness of circom is proven', async () => {
  await snarkjs.wtns.calculate(CIRCOM.arrays, operators.arrays.wasm, path('arrays.wtns'));
  const names = ['-p', 'arrays', '--circuit', 'circuit'];
  succeed('proof', 'prove', ...names, '--witness', 'arrays.wtns', '--proof-out', 'proof.json', '--public-out', 'public.json');
  succeed('proof', 'verify', ...names, '--proof', 'proof.json', '--public', 'public.json');
});

test('the contract of the broker accepts right inputs alone', async () => {
  for (const circuit of Object.keys(INPUTS)) {
    const { proof, inputs } = prove('own', circuit, INPUTS[circuit]);
    const names = ['-p', 'own', '--circuit', circuit, '--format', 'solidity', '--out', 'verifier.sol'];
    assert.notEqual(cli('proof', 'export', ...names).code, 0, 'the key is single-party');
    succeed('proof', 'export', ...names, '--allow-single-party');
    const contract = await deploy(readFileSync(path('verifier.sol'), 'utf8'));
    assert.equal(await contract.verify(calldata(proof, inputs)), true, circuit);
    for (const place of inputs.keys()) {
      assert.equal(await contract.verify(calldata(proof, inputs.with(place, BigInt(inputs[place]) + R))), false, circuit);
    }
    assert.equal(await contract.verify(calldata(proof, [...inputs, 0])), false, circuit);
  }
});
