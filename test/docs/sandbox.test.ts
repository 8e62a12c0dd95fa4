import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Cas360Sandbox } from '../../sandbox/cas360.js';
import type { Fault } from '../../sandbox/faults.js';
import { PmsSandbox } from '../../sandbox/pms.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';

const page = readFileSync('docs/sandbox.md', 'utf8');
const faults = page.split('## Faults')[1]!.split('## Distance')[0]!;
const pms = new PmsSandbox(1);
const cas360 = new Cas360Sandbox(1);

/** From the sentence that refuses an unknown key. */
function keysOf(sandbox: PmsSandbox | Cas360Sandbox): string[] {
  try {
    sandbox.faults.set([{ noSuchKey: 1 } as unknown as Fault]);
  } catch (error) {
    return String(error).split('allowed are ')[1]!.split(', ');
  }
  throw new Error('An unknown key was taken.');
}

const examples = [...faults.matchAll(/^\| `(\w+: .*?)` \|/gm)].map(([, text]) => text!);

test('each key of a fault is on the page', () => {
  const named = new Set([...faults.matchAll(/`(\w+)[:`]/g)].map(([, key]) => key));
  expect(new Set([...keysOf(pms), ...keysOf(cas360)]).difference(named)).toEqual(new Set());
});

test.each(examples)('the sandbox takes %s', (example) => {
  const fault = JSON.parse(`{${example.replaceAll(/(?<=^|[{,] ?)(\w+):/g, '"$1":')}}`) as Fault;
  expect(() => cas360.faults.set([fault])).not.toThrow();
});

test('each effect has an example', () => {
  expect(examples.length).toBeGreaterThanOrEqual(22);
});

interface Example {
  readonly method: string;
  readonly port: string;
  readonly path: string;
  readonly body: string | undefined;
}

/** The `curl` commands for switches, anywhere on the page. */
const commands: Example[] = [...page.matchAll(/^curl (?:-X (\w+) )?'?http:\/\/127\.0\.0\.1:(\d+)(\/_sandbox\/[^\s']+)'?(?: -d '(.*)')?$/gm)].map(
  ([, method = 'GET', port, path, body]) => ({ method, port: port!, path: path!, body }),
);
/** The code block after a sentence. */
const blockAfter = (sentence: string): string => /```\w+\n([\s\S]*?)```/.exec(page.slice(page.indexOf(sentence)))![1]!;

describe('against a sandbox that runs', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.stop());

  // A command of the page resets idle connections, another has them closed.
  const ask = ({ method, port, path, body }: Example): Promise<Response> =>
    fetch({ 4011: sandbox.pms, 4012: sandbox.cas360 }[port]!.url + path, { method, headers: { connection: 'close' }, ...(body !== undefined && { body }) });

  test('the table of switches has all that there are, and each has an example that works', async () => {
    const nothing = await (await ask({ method: 'GET', port: '4012', path: '/_sandbox/nothing', body: undefined })).json();
    const names = (nothing as { message: string }).message.split('there are ')[1]!.split(', ');
    const there = await Promise.all(
      names.map(async (name) => {
        const refused = await (await ask({ method: 'PATCH', port: '4012', path: `/_sandbox/${name}`, body: undefined })).json();
        return (refused as { message: string }).message.split('allowed are ')[1]!.split(', ').map((method) => `${method} ${name}`);
      }),
    );
    const rows = [...page.split('## Switches')[1]!.split('An example of each')[0]!.matchAll(/^\| (?:`([\w-]+)`)? ?\| ([A-Z, ]+) \|/gm)];
    let name = '';
    const listed = rows.flatMap(([, first = name, methods]) => {
      name = first;
      return methods!.split(', ').map((method) => `${method} ${name}`);
    });
    expect(listed.toSorted()).toEqual(there.flat().toSorted());
    const shown = commands.map(({ method, path }) => `${method} ${/^\/_sandbox\/([\w-]+)/.exec(path)![1]}`);
    expect(new Set(shown)).toEqual(new Set(listed));
    for (const command of commands) expect([command, (await ask(command)).ok]).toEqual([command, true]);
  });

  test('the example of a test runs', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', blockAfter('Your tests use the [switches]')], { env: { CAS360_BASE_URL: sandbox.cas360.url }, stdio: 'inherit' });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(sandbox.cas360.faults.list).toEqual([{ status: 503, times: 2 }]);
  });
});

test('the script that starts it, waits for it and ends it runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-sandbox-'));
  const ask = `'${process.execPath}' -e 'fetch(process.argv[1]).then((r) => r.text()).then(console.log)'`;
  const script = blockAfter('Run this script in the folder').replace('npm --prefix ../contacts run -s sandbox', `'${process.execPath}' '${resolve('dist/sandbox/standalone.js')}'`).replace('curl', ask);
  const { stdout, stderr, status } = spawnSync('sh', ['-e', '-c', `${script}wait`], { cwd: folder, encoding: 'utf8', timeout: 25_000 });
  expect({ stdout, stderr, status }).toEqual({ stdout: '[]\n', stderr: '', status: 0 });
  rmSync(folder, { recursive: true });
}, 30_000);

test('the options of the command are those that it has', () => {
  const options = (text: string): string[] => [...new Set(text.match(/--[a-z-]{4,}/g))].toSorted();
  const table = page.split('| option of `npm run sandbox --`')[1]!.split('\n\n')[0]!;
  const [, help] = /const HELP = `([^`]*)`/.exec(readFileSync('sandbox/standalone.ts', 'utf8'))!;
  expect(options(table)).toEqual(options(help!));
});
