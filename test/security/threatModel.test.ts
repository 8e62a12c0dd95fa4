import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const page = readFileSync('docs/security.md', 'utf8');
const threats = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('`test/'));

test('Every threat names a test, and every test that the page names exists', () => {
  const named = [...page.matchAll(/`(test\/[\w/.-]+\.ts)`/g)].map(([, path]) => path!);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
  expect(threats.length).toBeGreaterThan(12);
  const rows = page.split('\n').filter((line) => /^\| [A-Z]/.test(line) && !line.startsWith('| Who'));
  expect(rows.filter((line) => !threats.includes(line))).toEqual([]);
});

test('The page stays one page', () => {
  expect(page.split('\n').length).toBeLessThanOrEqual(70);
});
