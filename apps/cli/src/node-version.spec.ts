import { execFile } from 'node:child_process';
import { expect, it } from '@jest/globals';

const main = new URL('main.js', import.meta.url).href;

it('an older Node.js is told in one sentence, before anything is loaded that it cannot read', async () => {
  // In a process that says that it is older.
  const script = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });
    Object.defineProperty(process, 'version', { value: 'v20.20.2' });
    await import(${JSON.stringify(main)});`;
  const args = ['--input-type=module', '-e', script];
  const { code, stderr, stdout } = await new Promise<Record<string, unknown>>((resolve) =>
    execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(
    /^pulsegate: Node\.js 24 or newer is needed, this is v20\.20\.2\. .*npx pulsegate.*\n$/,
  );
});
