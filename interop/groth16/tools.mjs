// The programs that are compared: circom and snarkjs from npm, and the example `interop` of broker-groth16, whose path is in
// the environment variable GROTH16_INTEROP.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as snarkjs from 'snarkjs';

const HERE = dirname(fileURLToPath(import.meta.url));
export const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

// Runs the broker's side. Its output is trimmed.
export function broker(args, input = '') {
  const binary = process.env.GROTH16_INTEROP;
  assert.ok(binary, 'GROTH16_INTEROP is not set; run interop/run');
  const { status, stdout, stderr } = spawnSync(binary, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { ok: status === 0, stdout: stdout.trim(), stderr: stderr.trim() };
}

// A temporary folder, with the circuits and circom's library, which circom finds only beside the source.
export function workFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'cb-groth16-'));
  cpSync(join(HERE, 'circuits'), folder, { recursive: true });
  cpSync(join(HERE, 'node_modules/circomlib/circuits'), join(folder, 'circomlib/circuits'), { recursive: true });
  return folder;
}

export function remove(folder) {
  rmSync(folder, { recursive: true });
}

// Compiles a circuit once for each curve, and returns the paths of its files.
export function compile(folder, name, curve = 'bn128') {
  const files = join(folder, curve, name);
  const result = { r1cs: join(files, `${name}.r1cs`), wasm: join(files, `${name}_js/${name}.wasm`), sym: join(files, `${name}.sym`) };
  if (existsSync(files)) return result;
  mkdirSync(files, { recursive: true });
  const circom = join(HERE, 'node_modules/circom2/cli.js');
  const args = [circom, `${name}.circom`, '--r1cs', '--wasm', '--sym', '-p', curve, '-o', relative(folder, files)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return result;
}

// Makes a prepared powers-of-tau file for circuits of up to 2^power constraints.
export async function powersOfTau(folder, power, curve = 'bn128') {
  const file = (name) => join(folder, `${curve}-${power}-${name}.ptau`);
  await snarkjs.powersOfTau.newAccumulator(await snarkjs.curves.getCurveFromName(curve), power, file('0'));
  await snarkjs.powersOfTau.contribute(file('0'), file('1'), 'first', 'entropy');
  await snarkjs.powersOfTau.preparePhase2(file('1'), file('final'));
  return file('final');
}

// Makes a proving key with one contribution, and returns its path.
export async function zkey(folder, r1cs, ptau, name) {
  const file = (index) => join(folder, `${name}.${index}.zkey`);
  assert.notEqual(await snarkjs.zKey.newZKey(r1cs, ptau, file(0)), -1);
  await snarkjs.zKey.contribute(file(0), file(1), 'first', 'entropy');
  return file(1);
}

// Ends the threads of snarkjs' curves, which would keep the process alive.
export async function terminate() {
  await globalThis.curve_bn128?.terminate();
  await globalThis.curve_bls12381?.terminate();
}
