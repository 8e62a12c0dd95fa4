import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, jest, test } from '@jest/globals';
import { COMPILE_CACHE } from '../support/subgraph.js';
import { until } from '../support/until.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(150_000);

/** Runs `npm run supergraph` until it has said what it runs. */
async function start() {
  // A group of its own: a test can then signal it as a terminal would.
  const child = spawn('npm', ['run', 'supergraph'], { env: { ...process.env, ...COMPILE_CACHE, PORT: '0' }, detached: true });
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  await until('it says how to end it', () => said.includes('Ctrl-C ends it.') || child.exitCode !== null, 100_000);
  return { pid: child.pid!, said: () => said, ended };
}

/** The first block of a language in the example's README. */
function readmeBlock(language: string): string | undefined {
  const readme = readFileSync(new URL('../../examples/supergraph/README.md', import.meta.url), 'utf8');
  return new RegExp(`\`\`\`${language}\\n(.*?)\n\`\`\``, 's').exec(readme)?.[1];
}

test('the query that it prints gets the answer that the README shows; Ctrl-C ends it', async () => {
  const { pid, said, ended } = await start();
  try {
    const [, query] = /behind the contacts:\n\n(.*?)\n\n/s.exec(said()) ?? [];
    expect(query?.replace(/^ {2}/gm, '')).toBe(readmeBlock('graphql'));

    const [, url, body] = /curl (\S+) -H 'content-type: application\/json' \\\n {4}-d '(.*)'/.exec(said()) ?? [];
    const response = await fetch(url!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body! });
    expect(await response.json()).toEqual(JSON.parse(readmeBlock('json')!));
  } finally {
    process.kill(-pid, 'SIGINT');
  }
  expect(await ended).toBe(0);
});

test('each address that it prints answers, a browser gets GraphiQL, and a token opens its fields; SIGTERM ends it too', async () => {
  const { pid, said, ended } = await start();
  try {
    const urls = [...said().matchAll(/^ {2}(?:contacts|bookings|companies|PMS|CAS 360|tokens) +(\S+)$/gm)].map(([, url]) => url!);
    expect(urls).toHaveLength(6);
    for (const url of urls) expect((await fetch(url)).status).toBeGreaterThanOrEqual(200);

    const [, url] = /running at (\S+)/.exec(said())!;
    const page = await fetch(new URL('/', url), { headers: { accept: 'text/html' } });
    expect([page.url, page.status]).toEqual([url, 200]);
    expect(await page.text()).toContain('<title>supergraph: GraphiQL</title>');

    const [, token] = /contact:identity\n {2}(\S+)/.exec(said())!;
    const body = JSON.stringify({ query: '{ contact(id: "cas360:555742") { dateOfBirth } }' });
    const answer = await fetch(url!, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body });
    expect(await answer.json()).toEqual({ data: { contact: { dateOfBirth: expect.stringMatching(/^\d{4}-/) } } });
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  expect(await ended).toBe(0);
});
