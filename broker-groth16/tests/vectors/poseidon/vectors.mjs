// Usage: npm install circomlibjs@0.1.7 && node vectors.mjs > circomlibjs.txt
//
// For each number of inputs from 1 to 16 and each index it prints "INPUTS INDEX HASH". The input at POSITION is
// SHA-256("poseidon/INPUTS/INDEX/POSITION") as a big-endian integer, modulo r.
import { createHash } from "node:crypto";
import { buildPoseidonReference } from "circomlibjs";

const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const poseidon = await buildPoseidonReference();
for (let inputs = 1; inputs <= 16; inputs++) {
  const count = inputs === 2 || inputs === 7 ? 100 : 10;
  for (let index = 0; index < count; index++) {
    const values = Array.from({ length: inputs }, (_, position) => {
      const digest = createHash("sha256").update(`poseidon/${inputs}/${index}/${position}`).digest("hex");
      return BigInt(`0x${digest}`) % r;
    });
    console.log(inputs, index, poseidon.F.toString(poseidon(values), 16));
  }
}
process.exit(0);
