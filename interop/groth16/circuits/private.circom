pragma circom 2.0.0;

// A circuit without public signals.
template Private() {
  signal input a;
  signal square;
  square <== a * a;
  square === 25;
}

component main = Private();
