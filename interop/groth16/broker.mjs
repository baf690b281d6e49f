// A broker with profiles of its own, and the command line. The environment variables CRYPTO_BROKER_SERVER and
// CRYPTO_BROKER_CLI are the paths of the binaries.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// The reference to a file in a profile, with its hash.
export function pinned(key, file) {
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  return `${key}: { Path: ${JSON.stringify(file)}, Sha256: "${hash}" }`;
}

// Starts a broker with its socket in the folder, and waits until it serves.
export async function start(folder, profiles, ...flags) {
  assert.ok(process.env.CRYPTO_BROKER_SERVER && process.env.CRYPTO_BROKER_CLI, 'run interop/run');
  const socket = join(folder, 'broker.sock');
  writeFileSync(join(folder, 'Profiles.yaml'), profiles);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CRYPTO_BROKER_')));
  const args = ['--socket', socket, '--profiles-dir', folder, '--audit-log', 'off', ...flags];
  const server = spawn(process.env.CRYPTO_BROKER_SERVER, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: server.stderr });
  await new Promise((resolve, reject) => {
    let output = '';
    lines.on('line', (line) => {
      output += `${line}\n`;
      if (line.includes('serving')) resolve();
    });
    server.on('error', reject);
    server.on('exit', (code) => reject(new Error(`the broker exited with ${code}:\n${output}`)));
  });
  return {
    stop: () => server.kill(),
    // Runs the command line. Returns its exit code and output.
    cli: (...words) => {
      const run = spawnSync(process.env.CRYPTO_BROKER_CLI, ['--socket', socket, ...words], { cwd: folder, encoding: 'utf8' });
      return { code: run.status, text: run.stdout + run.stderr };
    },
  };
}
