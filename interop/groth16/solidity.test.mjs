// Executes exported verifiers.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as snarkjs from 'snarkjs';

import { calldata, deploy } from './contract.mjs';
import { R, broker, compile, powersOfTau, remove, terminate, workFolder, zkey } from './tools.mjs';

const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

let folder;
const circuits = {};

before(async () => {
  folder = workFolder();
  const ptau = await powersOfTau(folder, 4);
  for (const [name, inputs] of [
    ['multiply', { a: 3, b: 11 }],
    ['arrays', { k: 5, m: [[1, 2, 3], [4, 5, 6]] }],
    ['private', { a: 5 }],
  ]) {
    const { r1cs, wasm } = compile(folder, name);
    const key = await zkey(folder, r1cs, ptau, name);
    const json = join(folder, `${name}.vk.json`);
    writeFileSync(json, JSON.stringify(await snarkjs.zKey.exportVerificationKey(key)));
    const { proof, publicSignals } = await snarkjs.groth16.fullProve(inputs, wasm, key);
    const { ok, stdout, stderr } = broker(['solidity', json]);
    assert.ok(ok, stderr);
    circuits[name] = { source: stdout, contract: await deploy(stdout), proof, inputs: publicSignals, key, wasm };
  }
});

after(async () => {
  remove(folder);
  await terminate();
});

test('a right proof is accepted', async () => {
  for (const { contract, proof, inputs } of Object.values(circuits)) {
    assert.equal(await contract.verify(calldata(proof, inputs)), true);
  }
});

test('the function is the one that snarkjs calls', async () => {
  const { contract, proof, inputs } = circuits.arrays;
  assert.deepEqual(contract.signature, [['verifyProof(uint256[2],uint256[2][2],uint256[2],uint256[4])', '5fe8c13b']]);
  const words = JSON.parse(`[${await snarkjs.groth16.exportSolidityCallData(proof, inputs)}]`).flat(Infinity);
  assert.equal(await contract.verify(words), true);
});

test('x + R is refused in each place', async () => {
  const { contract, proof, inputs } = circuits.arrays;
  assert.equal(inputs.length, 4);
  for (const place of inputs.keys()) {
    const changed = inputs.with(place, BigInt(inputs[place]) + R);
    assert.equal(await contract.verify(calldata(proof, changed)), false);
  }
  assert.equal(await circuits.multiply.contract.verify(calldata(circuits.multiply.proof, [33n + 2n * R])), false);
});

test('surplus inputs are refused, and missing ones', async () => {
  for (const { contract, proof, inputs } of Object.values(circuits)) {
    assert.equal(await contract.verify(calldata(proof, [...inputs, 0])), false);
    assert.equal(await contract.verify(calldata(proof, [...inputs, 1, 2])), false);
    await assert.rejects(contract.verify(calldata(proof, inputs).slice(0, -1)), /revert/);
    assert.equal(await contract.verify(calldata(proof, inputs), '00'), false);
  }
});

test('another statement is refused', async () => {
  const { contract, proof, inputs } = circuits.arrays;
  for (const place of inputs.keys()) {
    assert.equal(await contract.verify(calldata(proof, inputs.with(place, BigInt(inputs[place]) + 1n))), false);
  }
});

test('an altered proof is refused: other coordinates, Q added, identity elements, another proof', async () => {
  for (const { contract, proof, inputs } of Object.values(circuits)) {
    const words = calldata(proof, inputs);
    for (const place of Array(8).keys()) {
      for (const change of [1n, -1n, Q]) {
        const changed = BigInt(words[place]) + change;
        if (changed < 0n || changed >= 1n << 256n) continue;
        assert.equal(await contract.verify(words.with(place, changed)), false);
      }
      assert.equal(await contract.verify(words.with(place, 0)), false);
    }
    for (const [start, end] of [[0, 2], [2, 6], [6, 8], [0, 8]]) {
      assert.equal(await contract.verify(words.map((word, place) => (place >= start && place < end ? 0 : word))), false);
    }
    const negated = [words[0], Q - BigInt(words[1]), ...words.slice(2)];
    assert.equal(await contract.verify(negated), false);
  }
  const { contract, inputs } = circuits.multiply;
  assert.equal(await contract.verify(calldata(circuits.arrays.proof, inputs)), false);
});

test('a second proof of the same statement is accepted: proofs are malleable and identify nothing', async () => {
  const { contract, key, wasm, proof, inputs } = circuits.multiply;
  const second = await snarkjs.groth16.fullProve({ a: 3, b: 11 }, wasm, key);
  assert.notDeepEqual(second.proof, proof);
  assert.equal(await contract.verify(calldata(second.proof, inputs)), true);
});

test('where the precompiled contracts are missing, nothing is accepted', async () => {
  const { source, proof, inputs } = circuits.multiply;
  const contract = await deploy(source, { precompiles: false });
  assert.equal(await contract.verify(calldata(proof, inputs)), false);
});
