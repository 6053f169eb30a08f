// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Starts a sluice server for a test and stops it again. SLUICE_BIN names the
// program; the server chooses a free port and prints its address.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export async function startServer(...args) {
  const child = spawn(process.env.SLUICE_BIN, ['run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const exited = once(child, 'exit');
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log += line + '\n';
      const match = line.match(/http:\/\/\S+/);
      if (match) resolve(match[0]);
    });
    exited.then(([code]) => reject(new Error(`sluice ended (${code}):\n${log}`)));
  });
  await untilReady(url);
  return {
    url,
    child,
    log: () => log,
    /** Asks the server to drain and returns its exit code. */
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

// /health answers 503 while models load; poll it as an orchestrator would.
async function untilReady(url) {
  for (;;) {
    const answer = await fetch(`${url}/health`);
    if (answer.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
