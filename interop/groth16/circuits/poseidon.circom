pragma circom 2.0.0;

include "circomlib/circuits/poseidon.circom";

template Hashes() {
  signal input a[3];
  signal input b;
  signal output c;
  component inner = Poseidon(3);
  inner.inputs <== a;
  component outer = Poseidon(2);
  outer.inputs[0] <== inner.out;
  outer.inputs[1] <== b;
  c <== outer.out;
}

component main = Hashes();
