// The embedded Pulsar keeps its data, never outlives its parent, and says plainly what is in its way.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findFreePort, type PulsarStandalone, startPulsar, startWatchedProcess } from '../support/pulsar.js';

const startTimeoutMs = 240_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await delay(50);
  }
  return true;
}

describe('a watched process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-watched-'));
  const index = new URL('../../apps/cli/src/pulsar-standalone/index.js', import.meta.url).href;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A parent in a process of its own that watches `command`; resolves with both process ids. */
  async function parentOf(command: string, args: string[]): Promise<{ parent: number; child: number }> {
    const options = { command, args, cwd: folder, outputFile: join(folder, 'output') };
    const script = `
      const { startWatchedProcess } = await import(${JSON.stringify(index)});
      const { pid } = await startWatchedProcess(${JSON.stringify(options)});
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const child = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    });
    return { parent: parent.pid!, child };
  }

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends when its parent ends by %s',
    async (signal) => {
      const { parent, child } = await parentOf('sleep', ['600']);
      expect(isAlive(child)).toBe(true);
      process.kill(parent, signal);
      expect(await untilGone(child, 5_000)).toBe(true);
    },
  );

  it('is asked to end before it is forced', async () => {
    const script = 'trap "echo asked; exit 3" TERM; while :; do sleep 0.05; done';
    const outputFile = join(folder, 'asked');
    const watched = await startWatchedProcess({
      command: 'sh',
      args: ['-c', script],
      cwd: folder,
      outputFile,
    });
    await delay(200);
    await watched.stop();
    expect(await watched.ended).toBe('exit status 3');
  });

  it('tells how it ended by itself', async () => {
    const outputFile = join(folder, 'failed');
    const watched = await startWatchedProcess({
      command: 'sh',
      args: ['-c', 'exit 7'],
      cwd: folder,
      outputFile,
    });
    expect(await watched.ended).toBe('exit status 7');
  });
});

describe('the embedded Pulsar', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulsegate-pulsar-'));
  let pulsar: PulsarStandalone;
  let busy: Server;
  let busyPort: number;

  const tenants = async () =>
    (await fetch(`${pulsar.adminUrl}/admin/v2/tenants`)).json() as Promise<string[]>;

  beforeAll(async () => {
    busyPort = await findFreePort();
    busy = createServer().listen(busyPort, '127.0.0.1');
    pulsar = await startPulsar({ dataDir, wipe: true });
  }, startTimeoutMs);

  afterAll(async () => {
    busy.close();
    await pulsar?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, startTimeoutMs);

  it(
    'keeps its data over a crash, a restart, and a start on other ports',
    async () => {
      const created = await fetch(`${pulsar.adminUrl}/admin/v2/tenants/kept`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ adminRoles: [], allowedClusters: ['standalone'] }),
      });
      expect(created.status).toBe(204);
      const { serviceUrl, pid } = pulsar;
      await pulsar.kill();
      expect(isAlive(pid)).toBe(false);
      await pulsar.restart();
      expect(pulsar.serviceUrl).toBe(serviceUrl);
      expect(await tenants()).toContain('kept');
      await pulsar.stop();
      pulsar = await startPulsar({ dataDir });
      expect(pulsar.serviceUrl).not.toBe(serviceUrl);
      expect(await tenants()).toContain('kept');
    },
    startTimeoutMs,
  );

  it('names the port that is in use', async () => {
    await expect(startPulsar({ dataDir: join(dataDir, 'other'), binaryPort: busyPort })).rejects.toThrow(
      `Port ${busyPort} on 127.0.0.1, wanted for the embedded Pulsar's binary protocol, is in use: ` +
        'stop what listens there or choose another port.',
    );
  });

  it('refuses data that another Pulsar is running on', async () => {
    await expect(startPulsar({ dataDir })).rejects.toThrow(/another Pulsar may be running on this data/);
  });
});
