// Tests the released, unmodified client on its hard-coded socket. The environment variable CRYPTO_BROKER_SERVER is the path of
// the broker's binary.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import { CryptoBrokerClient, HashDataOutputFormat, SignCertificateOutputFormat } from '@open-crypto-broker/cryptobroker-client';

const SOCKET = '/tmp/open-crypto-broker/crypto-broker-server.sock';
const PROFILES = [
  { name: 'Default', hash: 'sha3-512', ca: 'ec:P-384', leaf: 'ec:P-256' },
  { name: 'KSA-MODERATE-2020', hash: 'sha384', ca: 'rsa:3072', leaf: 'rsa:3072' },
  { name: 'KSA-ADVANCED-2020', hash: 'sha3-512', ca: 'ec:P-521', leaf: 'ec:P-521' },
  { name: 'FIPS-140-3-128bit', hash: 'sha256', ca: 'rsa:3072', leaf: 'ec:P-256', key: 16, tag: 12 },
  { name: 'FIPS-140-3-192bit', hash: 'sha384', ca: 'ec:P-384', leaf: 'ec:P-384', key: 24, tag: 14 },
  { name: 'FIPS-140-3-256bit', hash: 'sha512', ca: 'ec:P-521', leaf: 'ec:P-521', key: 32, tag: 16 },
];
// The codes that clients retry and count towards their circuit breakers.
const RETRYABLE = [8, 10, 14];
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;

let broker, client, folder;

before(async () => {
  const binary = process.env.CRYPTO_BROKER_SERVER;
  assert.ok(binary, 'CRYPTO_BROKER_SERVER is not set; run interop/run');
  folder = mkdtempSync(join(tmpdir(), 'cb-'));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CRYPTO_BROKER_')));
  // Deployments start it without arguments and configure it by the environment.
  broker = spawn(binary, [], { env: { ...env, CRYPTO_BROKER_SOCKET: SOCKET, CRYPTO_BROKER_AUDIT_LOG: 'off' }, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: broker.stderr });
  await new Promise((resolve, reject) => {
    let output = '';
    lines.on('line', (line) => {
      output += `${line}\n`;
      if (line.includes('serving')) resolve();
    });
    broker.on('exit', (code) => reject(new Error(`the broker exited with ${code} before it was serving:\n${output}`)));
  });
  client = await CryptoBrokerClient.NewLibrary();
});

after(() => {
  broker?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function openssl(...words) {
  const run = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
}

function newKey(kind) {
  const [type, size] = kind.split(':');
  return type === 'rsa' ? ['-newkey', `rsa:${size}`] : ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${size}`];
}

async function rejected(call, code) {
  await assert.rejects(call, (error) => {
    assert.ok(!RETRYABLE.includes(error.code), `${error}`);
    assert.equal(error.code, code, `${error}`);
    return true;
  });
}

test('health', async () => {
  assert.equal((await client.healthData()).status, 1);
});

for (const profile of PROFILES) {
  test(`hash: ${profile.name}`, async () => {
    for (const input of [Buffer.alloc(0), Buffer.from('abc'), randomBytes(100_000)]) {
      const expected = createHash(profile.hash).update(input).digest();
      const text = await client.hashData({ profile: profile.name, input, outputFormat: HashDataOutputFormat.HEX, metadata: { id: 'one' } });
      assert.equal(text.hashValueHex, expected.toString('hex'));
      assert.equal(text.metadata.id, 'one');
      const raw = await client.hashData({ profile: profile.name, input, outputFormat: HashDataOutputFormat.RAW });
      assert.deepEqual(Buffer.from(raw.hashValueRaw), expected);
    }
  });

  test(`certificate: ${profile.name}`, async () => {
    openssl('req', '-x509', ...newKey(profile.ca), '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '4000', '-subj', '/CN=Interop CA');
    openssl('req', '-new', ...newKey(profile.leaf), '-nodes', '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=leaf');
    const read = (name) => readFileSync(join(folder, name), 'utf8');
    const request = { profile: profile.name, csr: read('leaf.csr'), caPrivateKey: read('ca.key'), caCert: read('ca.pem'), outputFormat: SignCertificateOutputFormat.PEM };
    const now = BigInt(Math.floor(Date.now() / 1000));
    const full = await client.signCertificate({
      ...request,
      subject: 'CN=MyCert,O=Example,ST=BA,C=DE',
      crlDistributionPoints: ['http://example.com/list1.crl', 'http://example.com/list2.crl'],
      validNotBefore: now,
      validNotAfter: now + 86_400n,
    });
    const certificate = new X509Certificate(full.pem);
    const ca = new X509Certificate(request.caCert);
    assert.ok(certificate.verify(ca.publicKey));
    assert.ok(certificate.checkIssued(ca));
    assert.equal(certificate.subject, 'CN=MyCert\nO=Example\nST=BA\nC=DE');
    assert.equal(BigInt(Math.floor(Date.parse(certificate.validFrom) / 1000)), now);
    assert.equal(BigInt(Math.floor(Date.parse(certificate.validTo) / 1000)), now + 86_400n);
    assert.ok(certificate.publicKey.equals(createPublicKey(read('leaf.key'))));

    const der = await client.signCertificate({ ...request, outputFormat: SignCertificateOutputFormat.DER });
    assert.ok(new X509Certificate(Buffer.from(der.der)).verify(ca.publicKey));

    await rejected(client.signCertificate({ ...request, csr: 'no CSR' }), INVALID_ARGUMENT);
    await rejected(client.signCertificate({ ...request, validNotAfter: now + 86_400n * 9999n }), FAILED_PRECONDITION);
  });

  test(`encryption: ${profile.name}`, async () => {
    const nonce = randomBytes(12);
    if (!profile.key) {
      await rejected(
        client.encryptData({ profile: profile.name, keySource: { rawKey: randomBytes(16) }, plaintext: Buffer.from('x'), encryptMetadata: { nonce } }),
        FAILED_PRECONDITION,
      );
      return;
    }
    const [key, aad, plaintext] = [randomBytes(profile.key), Buffer.from('42'), randomBytes(5000)];
    const sealed = await client.encryptData({ profile: profile.name, keySource: { rawKey: key }, plaintext, encryptMetadata: { nonce, aad } });
    const name = `aes-${profile.key * 8}-gcm`;
    const decipher = createDecipheriv(name, key, nonce, { authTagLength: profile.tag }).setAAD(aad);
    decipher.setAuthTag(Buffer.from(sealed.cipherMetadata.tag));
    assert.deepEqual(Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]), plaintext);

    const cipher = createCipheriv(name, key, nonce, { authTagLength: profile.tag }).setAAD(aad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const request = { profile: profile.name, keySource: { rawKey: key }, ciphertext, decryptMetadata: { nonce, aad, tag: cipher.getAuthTag() } };
    assert.deepEqual(Buffer.from((await client.decryptData(request)).plaintext), plaintext);
    const tampered = Buffer.from(ciphertext);
    tampered[0] ^= 1;
    await rejected(client.decryptData({ ...request, ciphertext: tampered }), INVALID_ARGUMENT);
  });
}

test('rejected requests', async () => {
  await rejected(client.hashData({ profile: 'Nobody', input: Buffer.from('x'), outputFormat: HashDataOutputFormat.HEX }), NOT_FOUND);
  openssl('req', '-x509', ...newKey('ec:P-256'), '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=Small CA');
  openssl('req', '-new', ...newKey('ec:P-256'), '-nodes', '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=leaf');
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const request = { profile: 'Default', csr: read('leaf.csr'), caPrivateKey: read('ca.key'), caCert: read('ca.pem'), outputFormat: SignCertificateOutputFormat.PEM };
  await rejected(client.signCertificate(request), FAILED_PRECONDITION);
});
