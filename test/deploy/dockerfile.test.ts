import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const last = readFileSync('Dockerfile', 'utf8').split(/^FROM /m).at(-1)!;

/** The program that the image starts, and its arguments. */
const command = JSON.parse(/^CMD (.*)$/m.exec(last)![1]!) as string[];

test("what the image's last stage copies and starts is a service that answers, and writes nothing", async () => {
  const image = mkdtempSync(join(tmpdir(), 'image-'));
  const folder = join(image, 'app');
  const names = (): unknown[] => readdirSync(folder, { recursive: true });
  try {
    mkdirSync(folder);
    for (const [, from, to] of last.matchAll(/^COPY --from=build \/app\/(\S+) \.\/(\S*)$/gm)) {
      if (from === 'node_modules') symlinkSync(resolve(from), join(image, from));
      else cpSync(from!, join(folder, to || from!), { recursive: true });
    }
    const before = names();
    const [program, ...args] = command;
    // In the image the packages lie in the folder. Here they lie beside it: other tests write into them meanwhile.
    args.unshift(`--allow-fs-read=${resolve('node_modules')}`, `--allow-fs-read=${join(image, 'node_modules')}`);
    const { PATH = '' } = process.env;
    const child = spawn(program!, args, { cwd: folder, env: { PATH, HOME: folder, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0', PMS_BASE_URL: 'http://127.0.0.1:9', PMS_TOKEN_URL: 'http://127.0.0.1:9/token', PMS_CLIENT_ID: 'a', PMS_CLIENT_SECRET: 'b' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((done) => child.on('close', done));
    let output = '';
    const url = await new Promise<string | undefined>((found) => {
      const read = (text: Buffer): void => {
        output += String(text);
        const address = /"address":"([^"]+)"/.exec(output)?.[1];
        if (address) found(address);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      void ended.then(() => found(undefined));
    });
    expect({ url, output }).toEqual({ url: expect.any(String), output });
    expect((await fetch(`${url!}/health/ready`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(names()).toEqual(before);
  } finally {
    rmSync(image, { recursive: true, force: true });
  }
}, 60_000);

test('the image starts Node with every flag of `npm run serve`', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { serve: string } };
  const flags = scripts.serve.split(' ').filter((word) => word.startsWith('--'));
  expect(flags.length).toBeGreaterThan(0);
  expect(command).toEqual(expect.arrayContaining(flags));
});

test('the image runs as a user that has no rights, by number, as Kubernetes wants to see it', () => {
  expect(last).toMatch(/^USER 65532:65532$/m);
});

test('nothing that is built from is kept from the build', () => {
  const sources = /const sources = \[(.*)\]/.exec(readFileSync('scripts/setup.mjs', 'utf8'))![1]!.split(', ').map((name) => name.slice(1, -1));
  expect(sources.length).toBeGreaterThan(5);
  expect(readFileSync('.dockerignore', 'utf8').split('\n').filter((name) => sources.includes(name))).toEqual([]);
});
