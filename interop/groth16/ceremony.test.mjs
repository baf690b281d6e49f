// The verification of ceremonies beside snarkjs', on the same files. The environment variable CRYPTO_BROKER_CLI is the path of
// the command line.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as snarkjs from 'snarkjs';

import { compile, powersOfTau, remove, terminate, workFolder } from './tools.mjs';

const BEACON = '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const POWER = 5;

let folder, ptau;
const path = (name) => join(folder, name);

// Verifies with the broker's command line. Returns the exit code and the result.
function ours(r1cs, powers, zkey) {
  const words = ['--json', 'proof', 'ceremony', 'verify', '--r1cs', r1cs, '--ptau', powers, '--zkey', zkey];
  const { status, stdout, stderr } = spawnSync(process.env.CRYPTO_BROKER_CLI, words, { encoding: 'utf8' });
  return { code: status, result: JSON.parse(stdout || stderr) };
}

// Verifies with snarkjs. Nothing but its answer counts: an exception, which is no verdict, fails the test.
async function theirs(r1cs, powers, zkey) {
  const log = [];
  const logger = { info: (line) => log.push(line), error() {}, warn() {}, debug() {} };
  const valid = await snarkjs.zKey.verifyFromR1cs(r1cs, powers, zkey, logger);
  assert.equal(typeof valid, 'boolean');
  return { valid, text: log.join('\n') };
}

// Both must say the same, and the broker must say it without an error.
async function agree(r1cs, powers, zkey, valid, what) {
  const [mine, other] = [ours(r1cs, powers, zkey), await theirs(r1cs, powers, zkey)];
  assert.equal(other.valid, valid, `snarkjs: ${what}`);
  assert.equal(mine.code, valid ? 0 : 4, `${what}: ${JSON.stringify(mine.result)}`);
  return { ...mine.result, text: other.text };
}

// Makes a key with two contributions and a beacon.
async function ceremony(r1cs, powers, name) {
  const file = (index) => path(`${name}.${index}.zkey`);
  assert.notEqual(await snarkjs.zKey.newZKey(r1cs, powers, file(0)), -1);
  await snarkjs.zKey.contribute(file(0), file(1), 'first', 'entropy of the first');
  await snarkjs.zKey.contribute(file(1), file(2), 'Zoë', 'entropy of the second');
  await snarkjs.zKey.beacon(file(2), file(3), 'beacon', BEACON, 10);
  return file;
}

before(async () => {
  assert.ok(process.env.CRYPTO_BROKER_CLI, 'run interop/run');
  folder = workFolder();
  ptau = await powersOfTau(folder, POWER);
});

after(async () => {
  remove(folder);
  await terminate();
});

test('right files are verified by both, after each contribution, on both curves', async () => {
  for (const curve of ['bn128', 'bls12381']) {
    const powers = curve === 'bn128' ? ptau : await powersOfTau(folder, 4, curve);
    for (const name of curve === 'bn128' ? ['multiply', 'arrays', 'private', 'constant'] : ['arrays']) {
      const { r1cs } = compile(folder, name, curve);
      const file = await ceremony(r1cs, powers, `${curve}-${name}`);
      for (const index of name === 'arrays' ? [1, 2, 3] : [3]) {
        const { circuitHash, contributions, text } = await agree(r1cs, powers, file(index), true, `${curve} ${name} ${index}`);
        // snarkjs prints the hashes in words of 32 bits.
        const shown = text.replace(/\s+/g, '');
        for (const hash of [circuitHash, ...contributions.map((contribution) => contribution.hash)]) assert.ok(shown.includes(hash), hash);
        assert.equal(contributions.length, index);
      }
    }
  }
});

test('a key without a contribution is OK for snarkjs alone, which accepts proofs that anybody forges with it', async () => {
  const { r1cs } = compile(folder, 'multiply');
  const file = path('unfinished.zkey');
  await snarkjs.zKey.newZKey(r1cs, ptau, file);
  assert.equal((await theirs(r1cs, ptau, file)).valid, true);
  const { code, result } = ours(r1cs, ptau, file);
  assert.deepEqual([code, result.reason], [4, 'key']);
});

test('files that do not belong together are refused by both', async () => {
  const [multiply, arrays] = [compile(folder, 'multiply').r1cs, compile(folder, 'arrays').r1cs];
  const file = await ceremony(multiply, ptau, 'together');
  await agree(arrays, ptau, file(3), false, 'another circuit');
  const other = join(folder, 'other');
  mkdirSync(other);
  await agree(multiply, await powersOfTau(other, 4), file(3), false, 'other powers of tau');
});

test('altered files are refused by both', async () => {
  const { r1cs } = compile(folder, 'arrays');
  const right = readFileSync((await ceremony(r1cs, ptau, 'altered'))(3));
  const sections = new Map();
  for (let at = 12, left = right.readUInt32LE(8); left > 0; left--) {
    const length = Number(right.readBigUInt64LE(at + 4));
    sections.set(right.readUInt32LE(at), { start: at + 12, length });
    at += 12 + length;
  }
  const { start, length } = sections.get(10);
  const end = start + length;
  assert.equal(right.toString('hex', end - BEACON.length / 2, end), BEACON);
  // The first point of a section, and the next one that differs from it.
  const points = (number, size) => {
    const { start: first, length } = sections.get(number);
    let other = first + size;
    while (right.compare(right, first, first + size, other, other + size) === 0) other += size;
    assert.ok(other < first + length, `section ${number} has no other point`);
    return [first, other, size];
  };
  // One place takes what is at another.
  const cases = {
    'the hash of the circuit': [start + 8, start, 4],
    'delta after the first contribution': [start + 68, start + 68 + 64, 64],
    's of the first contribution': [start + 68 + 64, start + 68, 64],
    'the transcript of the first contribution': [start + 68 + 3 * 64 + 128 + 8, start + 68 + 3 * 64 + 128, 8],
    // The value ends the section. Its last byte becomes its first.
    'the value of the beacon': [end - 1, end - BEACON.length / 2, 1],
    IC: points(3, 64),
    A: points(5, 64),
    'B in G1': points(6, 64),
    'B in G2': points(7, 128),
    C: points(8, 64),
    H: points(9, 64),
  };
  for (const [what, [to, from, length]] of Object.entries(cases)) {
    const altered = Buffer.from(right);
    right.copy(altered, to, from, from + length);
    assert.ok(!altered.equals(right), `${what}: nothing is altered`);
    writeFileSync(path('altered.zkey'), altered);
    await agree(r1cs, ptau, path('altered.zkey'), false, what);
  }
});

test('powers of tau that are not prepared are an error that says so', async () => {
  const { r1cs } = compile(folder, 'multiply');
  const file = await ceremony(r1cs, ptau, 'unprepared');
  const { code, result } = ours(r1cs, path(`bn128-${POWER}-1.ptau`), file(3));
  assert.equal(code, 1);
  assert.match(result.error.message, /--ptau .*not prepared/);
});
