import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { HELP } from '../../src/connect/options.js';
import { HELP as DOCTOR_HELP } from '../../src/doctor/options.js';

const page = readFileSync('docs/refresh-token.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

test('docs/refresh-token.md says of each problem of a store what it means and what to do', () => {
  const [, type] = /export type StoreProblem =([^;]*);/.exec(readFileSync('src/upstream/oauth2/refreshToken/store.ts', 'utf8'))!;
  const problems = [...type!.matchAll(/'([^']+)'/g)].map(([, problem]) => problem!);
  expect(problems.length).toBeGreaterThan(8);
  const table = page.slice(page.indexOf('| problem | means | do |')).split('\n\n', 1)[0]!;
  const rows = [...table.matchAll(/^\| ([a-z -]+) \| .{10,} \| .{10,} \|$/gm)].map(([, problem]) => problem!);
  expect(rows.sort()).toEqual(problems.sort());
});

test('the commands on the page are there, and so are their options', () => {
  const commands = [...page.matchAll(/npm run (?:-s )?(\w+)(?: -- (--[a-z-]+))?/g)];
  expect(commands.length).toBeGreaterThan(5);
  const sandbox = readFileSync('sandbox/standalone.ts', 'utf8');
  for (const [, name, option] of commands) {
    expect(scripts).toHaveProperty(name!);
    if (option) expect(name === 'connect' ? HELP : name === 'doctor' ? DOCTOR_HELP : sandbox).toContain(option);
  }
});

test('the page has one diagram', () => {
  expect(page.match(/^```mermaid$/gm)).toHaveLength(1);
});
