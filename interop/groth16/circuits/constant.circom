pragma circom 2.0.0;

// A circuit without inputs.
template Constant() {
  signal output c;
  c <== 5;
}

component main = Constant();
