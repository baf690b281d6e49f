// Compiles contracts and calls them in an Ethereum Virtual Machine.
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { createEVM } from '@ethereumjs/evm';
import { createAddressFromString, hexToBytes } from '@ethereumjs/util';
import solc from 'solc';

const CONTRACT = 'Groth16Verifier';
const GAS = 30_000_000n;
// Addition, multiplication and pairing (EIP-196, EIP-197).
const CURVE = [6, 7, 8].map((number) => `0x${number.toString(16).padStart(40, '0')}`);

// Compiles the source, which must not cause a warning, and deploys the contract, on a chain with or without precompiled
// contracts for the curve.
export async function deploy(source, { precompiles = true } = {}) {
  const input = {
    language: 'Solidity',
    sources: { 'verifier.sol': { content: source } },
    settings: { optimizer: { enabled: true }, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.methodIdentifiers'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const messages = (output.errors ?? []).map((error) => error.formattedMessage);
  if (messages.length > 0) throw new Error(messages.join('\n'));
  const { abi, evm: { bytecode, methodIdentifiers } } = output.contracts['verifier.sol'][CONTRACT];

  const evm = await createEVM({
    common: new Common({ chain: Mainnet, hardfork: Hardfork.Cancun }),
    // An entry without a function removes the precompiled contract.
    customPrecompiles: precompiles ? [] : CURVE.map((address) => ({ address: createAddressFromString(address) })),
  });
  const deployed = await evm.runCall({ data: hexToBytes(`0x${bytecode.object}`), gasLimit: GAS });
  if (deployed.execResult.exceptionError) throw new Error(deployed.execResult.exceptionError.error);
  return new Contract(evm, deployed.createdAddress, abi, methodIdentifiers);
}

class Contract {
  constructor(evm, address, abi, methodIdentifiers) {
    Object.assign(this, { evm, address, abi, methodIdentifiers });
  }

  // The only function's signature and selector.
  get signature() {
    return Object.entries(this.methodIdentifiers);
  }

  // Calls verifyProof with the words of the calldata and further hexadecimal digits, and returns whether it answers true.
  async verify(words, digits = '') {
    const [[, selector]] = this.signature;
    const data = hexToBytes(`0x${selector}${words.map((word) => BigInt(word).toString(16).padStart(64, '0')).join('')}${digits}`);
    const { execResult } = await this.evm.runCall({ to: this.address, data, gasLimit: GAS });
    if (execResult.exceptionError) throw new Error(execResult.exceptionError.error);
    const answer = BigInt(`0x${Buffer.from(execResult.returnValue).toString('hex')}`);
    if (execResult.returnValue.length !== 32 || answer > 1n) throw new Error('the contract did not answer with a bool');
    this.gas = execResult.executionGasUsed;
    return answer === 1n;
  }
}

// The words of a proof in snarkjs' JSON, then the inputs.
export function calldata(proof, inputs) {
  const [a, b, c] = [proof.pi_a, proof.pi_b, proof.pi_c];
  return [a[0], a[1], b[0][1], b[0][0], b[1][1], b[1][0], c[0], c[1], ...inputs];
}
