import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const PAGES = ['*.md', 'docs/*.md', 'examples/*/README.md', 'bench/report.md'].flatMap((pattern) => globSync(pattern)).sort();
const textOf = (path: string): string => readFileSync(path, 'utf8');
/** Code is no link, and a `#` in it is no heading. */
const withoutBlocks = (text: string): string => text.replaceAll(/^ *```[^]*?^ *```$/gm, '');

interface Link {
  readonly page: string;
  readonly path: string;
  readonly anchor: string | undefined;
}

/** The links of a page to this repository. An anchor alone leads to the page itself. */
function linksOf(page: string): Link[] {
  const targets = [...withoutBlocks(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path, anchor] = target.split('#');
      return { page, path: path === '' ? page : join(dirname(page), path!), anchor };
    });
}

/** The anchors that GitHub makes of the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = [...withoutBlocks(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

const links = PAGES.flatMap(linksOf);

describe('every page', () => {
  test('is found', () => {
    expect(PAGES.length).toBeGreaterThan(25);
    expect(links.length).toBeGreaterThan(150);
  });

  test('links to files that exist', () => {
    expect(links.filter(({ path }) => !existsSync(path))).toEqual([]);
  });

  test('links to headings that exist', () => {
    const anchored = links.filter(({ path, anchor }) => anchor !== undefined && path.endsWith('.md'));
    expect(anchored.length).toBeGreaterThan(30);
    expect(anchored.filter(({ path, anchor }) => !anchorsOf(path).includes(anchor!))).toEqual([]);
  });

  test('has each heading once, so that its anchor leads there', () => {
    const repeated = PAGES.filter((page) => page !== 'CHANGELOG.md').filter((page) => new Set(anchorsOf(page)).size !== anchorsOf(page).length);
    expect(repeated).toEqual([]);
  });

  test('in docs/ is linked from the README', () => {
    const linked = linksOf('README.md').map(({ path }) => path);
    expect(PAGES.filter((page) => page.startsWith('docs/') && !linked.includes(page))).toEqual([]);
  });
});

test('Every test file is in the table of docs/testing.md', () => {
  const [, table] = /## Where the tests of a behaviour are\n([^]*?)\n\[test\/support\]/.exec(textOf('docs/testing.md'))!;
  // `folder/`, `folder/name`, `folder/name*` or `folder/{name,other}`.
  const listed = [...table!.matchAll(/`([^`{]+)(?:\{([^}]+)\})?`/g)].flatMap(([, start, names]) => (names ? names.split(',').map((name) => start! + name) : [start!]));
  const isListed = (file: string): boolean => listed.some((name) => (/[/*]$/.test(name) ? file.startsWith(name.replace('*', '')) : file === name));
  const files = globSync('test/**/*.test.ts').map((path) => path.replace(/^test\/|(\.slow)?\.test\.ts$/g, ''));
  expect(files.length).toBeGreaterThan(200);
  expect(files.filter((file) => !isListed(file))).toEqual([]);
});

describe('every command', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  // The web client has commands of its own.
  const named = PAGES.filter((page) => !page.startsWith('examples/web-client/')).flatMap((page) =>
    [...textOf(page).matchAll(/npm (?:(?:run|-s|--silent) )+([a-z][\w:]*)|npm (start|test)\b/g)].map(([, command, short]) => ({ page, command: command ?? short! })),
  );

  test('that a page names is in package.json', () => {
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter(({ command }) => scripts[command] === undefined)).toEqual([]);
  });

  test('that people run is in the README', () => {
    const commands = Object.keys(scripts).filter((name) => !/^pre|^test:/.test(name));
    const listed = new Set(named.filter(({ page }) => page === 'README.md').map(({ command }) => command));
    expect(commands.filter((name) => !listed.has(name))).toEqual(['sbom']);
  });

  test('of the tests is in CONTRIBUTING.md or docs/testing.md', () => {
    const listed = new Set(named.filter(({ page }) => page === 'CONTRIBUTING.md' || page === 'docs/testing.md').map(({ command }) => command));
    expect(Object.keys(scripts).filter((name) => name.startsWith('test')).filter((name) => !listed.has(name))).toEqual([]);
  });
});
