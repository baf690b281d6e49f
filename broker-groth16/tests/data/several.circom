pragma circom 2.0.0;

template Product() {
    signal input left;
    signal input right;
    signal output out;
    out <== left * right;
}

template Several() {
    signal input a[2];
    signal input b;
    signal input unused;
    signal output sum;
    signal output square;
    signal s;
    signal t;
    component product = Product();
    product.left <== a[0];
    product.right <== a[1];
    s <== product.out + 3 * b - 1;
    t <== s * (a[0] - b);
    sum <== t * s + 7 * a[1];
    square <== (2 * a[0] + 5) * (2 * a[0] + 5);
    b * (b - 1) === 0;
}

component main {public [b, unused]} = Several();
