// Compares the signals that the broker calculates with those of snarkjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as snarkjs from 'snarkjs';

import { R, broker, compile, remove, terminate, workFolder } from './tools.mjs';

const LARGEST = String(R - 1n);
const CASES = [
  { circuit: 'multiply', inputs: { a: '3', b: '11' } },
  { circuit: 'multiply', inputs: { b: '2', a: LARGEST } },
  { circuit: 'multiply', inputs: { a: '0', b: LARGEST } },
  { circuit: 'multiply', curve: 'bls12381', inputs: { a: '3', b: LARGEST } },
  { circuit: 'arrays', inputs: { k: '5', m: [['1', '2', '3'], ['4', '5', LARGEST]] } },
  { circuit: 'arrays', curve: 'bls12381', inputs: { k: '5', m: [['1', '2', '3'], ['4', '5', LARGEST]] } },
  { circuit: 'poseidon', inputs: { a: ['1', '2', LARGEST], b: '4' } },
  { circuit: 'constant', inputs: {} },
];
const NAMES = { bn128: 'bn254', bls12381: 'bls12-381' };

let folder;

before(() => {
  folder = workFolder();
});

after(async () => {
  remove(folder);
  await terminate();
});

for (const { circuit, curve = 'bn128', inputs } of CASES) {
  test(`${circuit} over ${curve} of ${JSON.stringify(inputs)}`, async () => {
    const { r1cs, wasm } = compile(folder, circuit, curve);
    const { nVars } = await snarkjs.r1cs.info(r1cs);
    const wtns = { type: 'mem' };
    await snarkjs.wtns.calculate(inputs, wasm, wtns);
    const expected = (await snarkjs.wtns.exportJson(wtns)).map(String);

    const { ok, stdout, stderr } = broker(['witness', NAMES[curve], wasm, String(nVars)], JSON.stringify(flattened(inputs)));
    assert.ok(ok, stderr);
    assert.deepEqual(stdout.split('\n'), expected);
  });
}

test('a failed assertion names no value', () => {
  const { wasm } = compile(folder, 'arrays');
  const inputs = { k: ['7'], m: ['111', '222', '333', '444', '555', '666'] };
  const { ok, stdout, stderr } = broker(['witness', 'bn254', wasm, '12'], JSON.stringify(inputs));
  assert.equal(ok, false);
  assert.equal(stdout, '');
  assert.equal(stderr, "the inputs do not satisfy the circuit's assertions");
});

test('inputs must be complete, known and of their lengths', () => {
  const { wasm } = compile(folder, 'arrays');
  const m = ['1', '2', '3', '4', '5', '6'];
  for (const [inputs, expected] of [
    [{ k: ['5'] }, 'inputs are missing: 1 values are given, and the circuit expects 7'],
    [{ k: ['5'], m: m.slice(1) }, 'the input m has 5 values, and the circuit expects 6'],
    [{ k: ['5'], m: [...m, '7'] }, 'the input m has 7 values, and the circuit expects 6'],
    [{ k: ['5'], m, n: ['1'] }, 'the circuit has no input n'],
    [{ k: ['5'], m, product: ['1'] }, 'the circuit has no input product'],
  ]) {
    const { ok, stderr } = broker(['witness', 'bn254', wasm, '12'], JSON.stringify(inputs));
    assert.deepEqual({ ok, stderr }, { ok: false, stderr: expected });
  }
});

test('a calculator of another circuit or curve is refused', () => {
  const { wasm } = compile(folder, 'arrays');
  const inputs = JSON.stringify({ k: ['5'], m: ['1', '2', '3', '4', '5', '6'] });
  assert.match(broker(['witness', 'bn254', wasm, '13'], inputs).stderr, /calculates 12 signals, and the circuit has 13/);
  assert.match(broker(['witness', 'bls12-381', wasm, '12'], inputs).stderr, /field of another curve/);
});

function flattened(inputs) {
  return Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, [values].flat(Infinity)]));
}
