import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Cas360Sandbox } from '../../sandbox/cas360.js';
import type { Fault } from '../../sandbox/faults.js';
import { PmsSandbox } from '../../sandbox/pms.js';

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

test('the plans in the commands are taken', () => {
  const plans = [...page.matchAll(/127\.0\.0\.1:(401[12])\/_sandbox\/faults -d '(.*)'/g)];
  expect(plans.length).toBeGreaterThanOrEqual(2);
  for (const [, port, plan] of plans) (port === '4011' ? pms : cas360).faults.set(JSON.parse(plan!) as Fault[]);
});
