pragma circom 2.0.0;

// Inputs of one and two dimensions, an output array, log() and an assertion.
template Arrays() {
  signal input m[2][3];
  signal input k;
  signal output s;
  signal output t[2];
  signal product;
  product <== m[0][0] * m[1][2];
  log("logged", k, product);
  assert(k != 7);
  s <== product * k;
  t[0] <== m[0][1] * m[0][2];
  t[1] <== m[1][0] * m[1][1];
}

component main {public [k]} = Arrays();
